/* The memory that the control group of this process may use (Linux, Documentation/admin-guide/cgroup-v2 and -v1). */
#ifndef ANTENNA_DOCTOR_CGROUP_H
#define ANTENNA_DOCTOR_CGROUP_H

#include <stdint.h>

/** Where the kernel has the groups of this process, and where their files are. */
#define CGROUP_OF_PROCESS "/proc/self/cgroup"
#define CGROUP_MOUNT "/sys/fs/cgroup"

/**
 * The least limit, in bytes, of the group that `process_path` names and of those above it, whose files lie below
 * `mount`; -1 when there is none, or none can be read.
 */
int64_t cgroup_memory_limit(const char *process_path, const char *mount);

#endif
