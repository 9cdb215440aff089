# PostgreSQL on a private address only, and only by TLS. Its certificate is signed by an authority that signs for this
# instance alone: sslmode=verify-ca with that authority says who the server is. It has no name that verify-full could
# compare with a private address.
resource "google_sql_database_instance" "main" {
  name                = var.name
  region              = var.region
  database_version    = "POSTGRES_15"
  deletion_protection = var.protect

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.database_tier
    availability_type           = var.database_availability
    disk_type                   = "PD_SSD"
    disk_autoresize             = true
    deletion_protection_enabled = var.protect

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.main.id
      ssl_mode        = "ENCRYPTED_ONLY"
      server_ca_mode  = "GOOGLE_MANAGED_INTERNAL_CA"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }
  }

  depends_on = [google_service_networking_connection.database]
}

resource "google_sql_database" "main" {
  name     = "antenna"
  instance = google_sql_database_instance.main.name
  charset  = "UTF8"
}

# Owns the tables and makes the roles of the layers: antenna provision logs in as it.
resource "google_sql_user" "owner" {
  name                = "owner"
  instance            = google_sql_database_instance.main.name
  password_wo         = ephemeral.google_secret_manager_secret_version.owner.secret_data
  password_wo_version = var.password_version
  deletion_policy     = "ABANDON"
}

# Two while one takes over from another.
data "google_sql_ca_certs" "main" {
  instance = google_sql_database_instance.main.name
}

locals {
  authority = join("\n", data.google_sql_ca_certs.main.certs[*].cert)

  # As antenna takes it; the certificate of the authority lies on the machine.
  database_uri = join("", [
    "jdbc:postgresql://${google_sql_database_instance.main.private_ip_address}:5432/${google_sql_database.main.name}",
    "?sslmode=verify-ca&sslrootcert=/etc/antenna/ca.pem",
  ])
}
