# What the machine installs and Debian does not have: the package of antenna, Kafka's server, the users.
resource "google_storage_bucket" "parts" {
  name                        = "${var.project}-${var.name}-parts"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  depends_on = [google_project_service.used]
}

locals {
  parts = {
    "antenna.deb"  = var.package
    "kafka.tar.gz" = var.kafka
    "users.csv"    = var.users
  }
}

resource "google_storage_bucket_object" "part" {
  for_each = local.parts

  name   = each.key
  bucket = google_storage_bucket.parts.name
  source = each.value
}

resource "google_storage_bucket_iam_member" "machine" {
  bucket = google_storage_bucket.parts.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.machine.member
}
