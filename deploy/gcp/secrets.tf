# A password for each role, made here, kept in Secret Manager only: neither state nor plan has it.
locals {
  roles = toset(["owner", "speed", "batch", "reader"])
}

ephemeral "random_password" "made" {
  for_each = local.roles

  length  = 32
  special = false
}

resource "google_secret_manager_secret" "password" {
  for_each = local.roles

  secret_id = "${var.name}-${each.key}-password"

  replication {
    auto {}
  }

  depends_on = [google_project_service.used]
}

resource "google_secret_manager_secret_version" "password" {
  for_each = local.roles

  secret                 = google_secret_manager_secret.password[each.key].id
  secret_data_wo         = ephemeral.random_password.made[each.key].result
  secret_data_wo_version = var.password_version
}

# As Secret Manager has it: where an apply goes on after one that was cut short, another one is made.
ephemeral "google_secret_manager_secret_version" "owner" {
  secret  = google_secret_manager_secret.password["owner"].secret_id
  version = google_secret_manager_secret_version.password["owner"].version
}

resource "google_secret_manager_secret_iam_member" "machine" {
  for_each = local.roles

  secret_id = google_secret_manager_secret.password[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.machine.member
}
