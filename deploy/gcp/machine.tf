# May read its four secrets and its bucket, and nothing else of the project.
resource "google_service_account" "machine" {
  account_id   = var.name
  display_name = "machine of antenna"

  depends_on = [google_project_service.used]
}

# What outlives the machine: the archive, and the events that are not read yet.
resource "google_compute_disk" "archive" {
  name = "${var.name}-archive"
  zone = var.zone
  type = "pd-balanced"
  size = var.archive_gigabytes

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used]
}

resource "google_compute_disk" "kafka" {
  name = "${var.name}-kafka"
  zone = var.zone
  type = "pd-balanced"
  size = var.kafka_gigabytes

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used]
}

locals {
  settings = {
    name         = var.name
    project      = var.project
    bucket       = google_storage_bucket.parts.name
    checksums    = join("", [for name, path in local.parts : "${filesha256(path)}  ${name}\n"])
    topic        = var.topic
    partitions   = var.partitions
    hours        = var.retention_hours
    workers      = var.workers
    kafka_host   = google_compute_address.machine.address
    database_uri = local.database_uri
    authority    = local.authority
    unit         = file("${path.module}/../systemd/kafka.service")
    setup        = file("${path.module}/setup")
  }
}

resource "google_compute_instance" "main" {
  name                      = var.name
  machine_type              = var.machine_type
  zone                      = var.zone
  deletion_protection       = var.protect
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
      size  = 20
    }
  }

  attached_disk {
    source      = google_compute_disk.archive.id
    device_name = "archive"
  }

  attached_disk {
    source      = google_compute_disk.kafka.id
    device_name = "kafka"
  }

  network_interface {
    subnetwork = google_compute_subnetwork.main.id
    network_ip = google_compute_address.machine.address
  }

  service_account {
    email  = google_service_account.machine.email
    scopes = ["cloud-platform"] # what it may do is said by its roles
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
    user-data              = templatefile("${path.module}/cloud-init.yaml.tftpl", local.settings)
    startup-script         = file("${path.module}/startup")
  }

  depends_on = [
    google_compute_router_nat.main,
    google_secret_manager_secret_iam_member.machine,
    google_secret_manager_secret_version.password,
    google_sql_user.owner,
    google_storage_bucket_iam_member.machine,
    google_storage_bucket_object.part,
  ]
}
