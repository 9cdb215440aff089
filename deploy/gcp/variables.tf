variable "project" {
  description = "id of the Google Cloud project"
  type        = string
}

variable "region" {
  description = "region of everything"
  type        = string
}

variable "zone" {
  description = "zone of the machine and its disks, in the region"
  type        = string
}

variable "name" {
  description = "what the names of all resources begin with"
  type        = string
  default     = "antenna"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,19}[a-z0-9]$", var.name)) # what a service account's account_id takes
    error_message = "The name has 6 to 21 lower-case letters, digits and hyphens, begins with a letter and does not end with a hyphen."
  }
}

variable "package" {
  description = "path of the Debian package that make deb has made"
  type        = string
}

variable "kafka" {
  description = "path of the archive of Kafka's server that make kafka-archive has made"
  type        = string
  default     = "../../build/kafka.tar.gz"
}

variable "users" {
  description = "path of the users' file: CSV with the header id,name,email,quota"
  type        = string
}

variable "topic" {
  description = "Kafka topic that carries the antennas' events"
  type        = string
  default     = "devices"

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,100}$", var.topic))
    error_message = "The topic has letters, digits, hyphens and underscores, as it also names the service."
  }
}

variable "partitions" {
  description = "partitions of the topic: as many workers can ever read it at once"
  type        = number
  default     = 8
}

variable "retention_hours" {
  description = "hours that Kafka keeps events: longer than the longest outage that is to be survived"
  type        = number
  default     = 72
}

variable "workers" {
  description = "threads of the speed layer, one a core at most"
  type        = number
  default     = 2
}

variable "antenna_ranges" {
  description = "address ranges from which events are sent to Kafka, in CIDR notation; who may send says what is billed"
  type        = list(string)
  default     = []
}

variable "subnet_range" {
  description = "address range of the machine's subnet, in CIDR notation"
  type        = string
  default     = "10.10.0.0/24"
}

variable "machine_type" {
  description = "type of the machine that runs Kafka and antenna"
  type        = string
  default     = "e2-standard-2"
}

variable "database_tier" {
  description = "type of the machine that runs PostgreSQL"
  type        = string
  default     = "db-custom-2-7680"
}

variable "database_availability" {
  description = "ZONAL, or REGIONAL for a standby in another zone"
  type        = string
  default     = "ZONAL"

  validation {
    condition     = contains(["ZONAL", "REGIONAL"], var.database_availability)
    error_message = "Give ZONAL or REGIONAL."
  }
}

variable "archive_gigabytes" {
  description = "size of the archive's disk; it can grow later, and not shrink"
  type        = number
  default     = 100
}

variable "kafka_gigabytes" {
  description = "size of Kafka's disk: messages a second * bytes of a message * seconds of retention, and a third more"
  type        = number
  default     = 100
}

variable "password_version" {
  description = "raise it to make all passwords anew"
  type        = number
  default     = 1
}

variable "protect" {
  description = "whether Google Cloud refuses to delete the machine and the database"
  type        = bool
  default     = true
}
