output "kafka_server" {
  description = "where antennas send events: bootstrap server, in the network and in those that are joined to it"
  value       = "${google_compute_address.machine.address}:9092"
}

output "database_address" {
  description = "address of PostgreSQL in the network; the database is antenna"
  value       = google_sql_database_instance.main.private_ip_address
}

output "database_authority" {
  description = "certificate of the authority that signs for PostgreSQL: sslrootcert of who checks it"
  value       = local.authority
}

output "login" {
  description = "opens a shell on the machine, through the Identity-Aware Proxy"
  value       = "gcloud compute ssh ${var.name} --project ${var.project} --zone ${var.zone} --tunnel-through-iap"
}

output "database_tunnel" {
  description = "brings PostgreSQL to port 5432 of this machine, for dashboards and psql"
  value = join(" ", [
    "gcloud compute ssh ${var.name} --project ${var.project} --zone ${var.zone} --tunnel-through-iap --",
    "-N -L 5432:${google_sql_database_instance.main.private_ip_address}:5432",
  ])
}

output "reader_password" {
  description = "prints the password that dashboards log in with"
  value       = "gcloud secrets versions access latest --project ${var.project} --secret ${var.name}-reader-password"
}
