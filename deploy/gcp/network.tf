# A network of its own. The machine has no public address: it reaches Debian's archive through the NAT, Google's APIs and
# PostgreSQL on private ways, and people reach it through the Identity-Aware Proxy.
resource "google_compute_network" "main" {
  name                    = var.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.used]
}

resource "google_compute_subnetwork" "main" {
  name                     = var.name
  network                  = google_compute_network.main.id
  region                   = var.region
  ip_cidr_range            = var.subnet_range
  private_ip_google_access = true
}

# The machine's. Kafka tells it to those who send, since networks that are joined to this one do not know its names.
resource "google_compute_address" "machine" {
  name         = var.name
  region       = var.region
  subnetwork   = google_compute_subnetwork.main.id
  address_type = "INTERNAL"
}

resource "google_compute_router" "main" {
  name    = var.name
  network = google_compute_network.main.id
  region  = var.region
}

resource "google_compute_router_nat" "main" {
  name                               = var.name
  router                             = google_compute_router.main.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

# What is not allowed here is refused: a network denies all that comes in unless a rule says otherwise.
resource "google_compute_firewall" "ssh" {
  name                    = "${var.name}-ssh"
  network                 = google_compute_network.main.id
  source_ranges           = ["35.235.240.0/20"] # the Identity-Aware Proxy's
  target_service_accounts = [google_service_account.machine.email]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "kafka" {
  count = length(var.antenna_ranges) > 0 ? 1 : 0

  name                    = "${var.name}-kafka"
  network                 = google_compute_network.main.id
  source_ranges           = var.antenna_ranges
  target_service_accounts = [google_service_account.machine.email]

  allow {
    protocol = "tcp"
    ports    = ["9092"]
  }
}

# The way to Cloud SQL, whose machines are in a network of Google's.
resource "google_compute_global_address" "database" {
  name          = "${var.name}-database"
  network       = google_compute_network.main.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 24
}

resource "google_service_networking_connection" "database" {
  network                 = google_compute_network.main.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database.name]
}
