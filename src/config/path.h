/* Paths as users write them: plain, as URIs, as other programs of the same job take them, or with a ~. */
#ifndef ANTENNA_CONFIG_PATH_H
#define ANTENNA_CONFIG_PATH_H

#include "base/attributes.h"
#include "base/error.h"

/**
 * The path on this machine that the text means: `file:/x`, `file:///x` and `file://localhost/x` are `/x`, without
 * percent-decoding, as Hadoop and so Spark read them; `~` and `~user` at the beginning are home folders, as for a
 * shell; anything else is the path itself. Error: ERROR_USAGE for other schemes, such as gs: and hdfs:, and for a home
 * folder that does not exist. Free the path.
 */
int path_resolve(const char *text, char **ret_path, struct error *error) must_check;

#endif
