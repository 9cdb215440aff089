#include "config/path.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/*
 * The size of a URI's scheme, as of `gs://bucket` and `hdfs:/data`, or 0 when it is a path. A letter alone is a disk of
 * Windows, and a name with a colon is a path unless a / follows.
 */
static size_t scheme_size(const char *text)
{
    size_t size = 0;

    if (!isalpha((unsigned char)*text))
        return 0;
    while (isalnum((unsigned char)text[size]) || (text[size] && strchr("+.-", text[size])))
        size++;
    return size > 1 && text[size] == ':' && text[size + 1] == '/' ? size : 0;
}

static int refuse_scheme(const char *text, size_t size, struct error *error)
{
    error_set(error, ERROR_USAGE, "\"%s\" is in a store (%.*s:) and not on this machine", text, (int)size, text);
    return error_hint(
        error, "give a folder of this machine: one where the store is mounted, such as by gcsfuse, s3fs or HDFS's "
               "NFS gateway, or one that another program copies to the store");
}

static int resolve_file(const char *text, char **ret_path, struct error *error)
{
    const char *rest = text + strlen("file:");

    if (strncmp(rest, "//", 2) == 0) {
        size_t host = strcspn(rest + 2, "/");

        if (host && (host != strlen("localhost") || strncasecmp(rest + 2, "localhost", host) != 0)) {
            error_set(error, ERROR_USAGE, "\"%s\" names the host %.*s", text, (int)host, rest + 2);
            return error_hint(error, "write file:///path with three slashes, or the path alone");
        }
        rest += 2 + host;
    }
    if (*rest != '/') {
        error_set(error, ERROR_USAGE, "\"%s\" has no path that begins with /", text);
        return error_hint(error, "write file:///path, or the path alone");
    }
    *ret_path = memory_text(rest, strlen(rest));
    return 0;
}

/* The home folder of the user of that name, or of this process for "". NULL when there is none. */
static const char *find_home(const char *user)
{
    const char *home = getenv("HOME");
    const struct passwd *entry;

    if (!*user && home && *home)
        return home;
    entry = *user ? getpwnam(user) : getpwuid(geteuid());
    return entry && *entry->pw_dir ? entry->pw_dir : NULL;
}

static int resolve_home(const char *text, char **ret_path, struct error *error)
{
    size_t size = strcspn(text, "/");
    cleanup(memory_free) char *user = memory_text(text + 1, size - 1);
    const char *home = find_home(user);

    if (!home) {
        error_set(error, ERROR_USAGE, "\"%s\" begins with a home folder that does not exist", text);
        return error_hint(error,
                          *user ? "write ./~ for a name that begins with ~" : "set HOME, or write the whole path");
    }
    *ret_path = memory_printf("%s%s", home, text + size);
    return 0;
}

int path_resolve(const char *text, char **ret_path, struct error *error)
{
    size_t size = scheme_size(text);

    if (!text_is_utf8(text)) { /* DuckDB opens no other */
        error_set(error, ERROR_USAGE, "\"%s\" is not encoded in UTF-8", text_show(text).text);
        return error_hint(error, "rename the folder or file");
    }
    if (*text == '~')
        return resolve_home(text, ret_path, error);
    if (strncasecmp(text, "file:", strlen("file:")) == 0)
        return resolve_file(text, ret_path, error);
    if (size)
        return refuse_scheme(text, size, error);
    *ret_path = memory_text(text, strlen(text));
    return 0;
}
