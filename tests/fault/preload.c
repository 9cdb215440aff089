/*
 * Preloaded into the program under test (LD_PRELOAD): lets one chosen call of libc fail or wait, or kills the process
 * at it.
 *
 * FAULT_CALL is the name of the call, FAULT_NUMBER says at the how manyth, counted over all threads. FAULT_DO is
 * "before" or "after", which kill the process there; "hold", which lets the call wait as long as the file FAULT_HOLD is
 * there; or an errno, with which that call and FAULT_TIMES - 1 more fail.
 * Counted are only calls whose path or peer ("address:port") matches the pattern FAULT_PATH (fnmatch(3)) and whose
 * bytes contain FAULT_DATA; of memory, those of the program and the libraries whose names, without what follows a dot,
 * are in FAULT_CALLERS, each between blanks. FAULT_COUNT is a file of 8 bytes that is mapped and holds the count, so
 * that it outlives the process.
 *
 * Only a process called FAULT_PROGRAM is concerned, not what starts it. Each function below stands in for libc's of its
 * name.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <link.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACTION_BEFORE 0
#define ACTION_AFTER (-1)
#define ACTION_HOLD (-2)

#define HOLD_POLL_US 10000

static struct {
    const char *call, *path, *data, *callers, *hold;
    int64_t number, times;
    int action; /* ACTION_… or an errno */
    _Atomic int64_t *count;
} fault;

/* A call: its name, what it is about, the bytes that it moves. */
struct call {
    const char *name;
    const char *path; /* or NULL: that of the file */
    int file;         /* or -1 */
    const void *data;
    ssize_t size;
    void *caller; /* the code that asks for memory */
};

static int64_t number_of(const char *variable)
{
    const char *text = getenv(variable);

    return text ? strtoll(text, NULL, 10) : 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *program = getenv("FAULT_PROGRAM"), *action = getenv("FAULT_DO"), *path = getenv("FAULT_COUNT");
    int file;

    if (!program || !action || !path || strcmp(program_invocation_short_name, program) != 0)
        return;
    file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        abort();
    fault.path = getenv("FAULT_PATH");
    fault.data = getenv("FAULT_DATA");
    fault.callers = getenv("FAULT_CALLERS");
    fault.hold = getenv("FAULT_HOLD");
    fault.number = number_of("FAULT_NUMBER");
    fault.times = number_of("FAULT_TIMES");
    fault.action = strcmp(action, "before") == 0  ? ACTION_BEFORE
                   : strcmp(action, "after") == 0 ? ACTION_AFTER
                   : strcmp(action, "hold") == 0  ? ACTION_HOLD
                                                  : (int)number_of("FAULT_DO");
    fault.count = mmap(NULL, sizeof(*fault.count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (fault.count == MAP_FAILED)
        abort();
    close(file);
    fault.call = getenv("FAULT_CALL");
}

/* libc's own function, or that of another library that stands in for it. */
static void *next_of(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static void describe_peer(int file, char *text, size_t size)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof(peer);
    char address[INET_ADDRSTRLEN] = "";

    *text = '\0';
    if (getpeername(file, (struct sockaddr *)&peer, &length) || peer.sin_family != AF_INET)
        return;
    inet_ntop(AF_INET, &peer.sin_addr, address, sizeof(address));
    snprintf(text, size, "%s:%d", address, ntohs(peer.sin_port));
}

static void describe_file(int file, char *text, size_t size)
{
    char link[64];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    length = readlink(link, text, size - 1);
    text[length < 0 ? 0 : length] = '\0';
    if (strncmp(text, "socket:", 7) == 0)
        describe_peer(file, text, size);
}

static bool has_path(const struct call *call)
{
    char text[PATH_MAX];

    if (!fault.path)
        return true;
    if (call->path)
        return fnmatch(fault.path, call->path, 0) == 0;
    if (call->file < 0)
        return false;
    describe_file(call->file, text, sizeof(text));
    return fnmatch(fault.path, text, 0) == 0;
}

static bool has_data(const struct call *call)
{
    return !fault.data ||
           (call->data && call->size > 0 && memmem(call->data, (size_t)call->size, fault.data, strlen(fault.data)));
}

/* Asks for no memory, and is quick: OpenSSL alone asks for memory tens of thousands of times. */
static bool has_caller(const struct call *call)
{
    char name[NAME_MAX];
    const char *file;
    struct dl_find_object object;

    if (!fault.callers)
        return true;
    if (!call->caller || _dl_find_object(call->caller, &object))
        return false;
    file = strrchr(object.dlfo_link_map->l_name, '/');
    file = file ? file + 1 : program_invocation_short_name; /* the program itself has no name there */
    snprintf(name, sizeof(name), " %.*s ", (int)strcspn(file, "."), file);
    return strstr(fault.callers, name) != NULL;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a call; whether it is the one, or one of those, to which something happens. Keeps errno. */
static bool is_struck(const struct call *call)
{
    int64_t count;
    int kept = errno;
    bool matches;

    if (!fault.call || strcmp(fault.call, call->name) != 0)
        return false;
    matches = has_path(call) && has_data(call) && has_caller(call);
    errno = kept;
    if (!matches)
        return false;
    count = ++*fault.count;
    return count >= fault.number && count < fault.number + fault.times;
}

/* What happens before a call. Returns whether it fails, with errno. A connection that was reset is dead from then on.
 */
static bool fails(bool struck, int file)
{
    if (!struck)
        return false;
    if (fault.action == ACTION_BEFORE)
        die();
    while (fault.action == ACTION_HOLD && access(fault.hold, F_OK) == 0)
        usleep(HOLD_POLL_US);
    if (fault.action < 0)
        return false;
    if (fault.action == ECONNRESET)
        shutdown(file, SHUT_RDWR);
    errno = fault.action;
    return true;
}

static void after(bool struck)
{
    if (struck && fault.action == ACTION_AFTER)
        die();
}

/* What a call receives is known only after it, and then it can only be followed by death. */
static bool waits_for_data(void)
{
    return fault.call && fault.data && fault.action == ACTION_AFTER;
}

/* The third argument is there when a file may be made. */
int open(const char *path, int flags, ...)
{
    static __typeof__(open) *next;
    bool struck = is_struck(&(struct call){"open", .path = path, .file = -1});
    va_list arguments;
    mode_t mode;
    int result;

    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!next)
        next = next_of("open");
    if (fails(struck, -1))
        return -1;
    result = next(path, flags, mode);
    after(struck);
    return result;
}

ssize_t write(int file, const void *data, size_t size)
{
    static __typeof__(write) *next;
    bool struck = is_struck(&(struct call){"write", .file = file, .data = data, .size = (ssize_t)size});
    ssize_t result;

    if (!next)
        next = next_of("write");
    if (fails(struck, file))
        return -1;
    result = next(file, data, size);
    after(struck);
    return result;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at)
{
    static __typeof__(pwrite) *next;
    bool struck = is_struck(&(struct call){"pwrite", .file = file, .data = data, .size = (ssize_t)size});
    ssize_t result;

    if (!next)
        next = next_of("pwrite");
    if (fails(struck, file))
        return -1;
    result = next(file, data, size, at);
    after(struck);
    return result;
}

ssize_t read(int file, void *data, size_t size)
{
    static __typeof__(read) *next;
    bool struck = is_struck(&(struct call){"read", .file = file});
    ssize_t result;

    if (!next)
        next = next_of("read");
    if (fails(struck, file))
        return -1;
    result = next(file, data, size);
    after(struck);
    return result;
}

ssize_t pread(int file, void *data, size_t size, off_t at)
{
    static __typeof__(pread) *next;
    bool struck = is_struck(&(struct call){"pread", .file = file});
    ssize_t result;

    if (!next)
        next = next_of("pread");
    if (fails(struck, file))
        return -1;
    result = next(file, data, size, at);
    after(struck);
    return result;
}

int fsync(int file)
{
    static __typeof__(fsync) *next;
    bool struck = is_struck(&(struct call){"fsync", .file = file});
    int result;

    if (!next)
        next = next_of("fsync");
    if (fails(struck, file))
        return -1;
    result = next(file);
    after(struck);
    return result;
}

int ftruncate(int file, off_t size)
{
    static __typeof__(ftruncate) *next;
    bool struck = is_struck(&(struct call){"ftruncate", .file = file});
    int result;

    if (!next)
        next = next_of("ftruncate");
    if (fails(struck, file))
        return -1;
    result = next(file, size);
    after(struck);
    return result;
}

int posix_fallocate(int file, off_t at, off_t size)
{
    static __typeof__(posix_fallocate) *next;
    bool struck = is_struck(&(struct call){"posix_fallocate", .file = file});
    int result;

    if (!next)
        next = next_of("posix_fallocate");
    if (fails(struck, file))
        return errno;
    result = next(file, at, size);
    after(struck);
    return result;
}

int rename(const char *from, const char *to)
{
    static __typeof__(rename) *next;
    bool struck = is_struck(&(struct call){"rename", .path = to, .file = -1});
    int result;

    if (!next)
        next = next_of("rename");
    if (fails(struck, -1))
        return -1;
    result = next(from, to);
    after(struck);
    return result;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    static __typeof__(renameat2) *next;
    bool struck = is_struck(&(struct call){"renameat2", .path = to, .file = -1});
    int result;

    if (!next)
        next = next_of("renameat2");
    if (fails(struck, -1))
        return -1;
    result = next(from_folder, from, to_folder, to, flags);
    after(struck);
    return result;
}

int link(const char *from, const char *to)
{
    static __typeof__(link) *next;
    bool struck = is_struck(&(struct call){"link", .path = to, .file = -1});
    int result;

    if (!next)
        next = next_of("link");
    if (fails(struck, -1))
        return -1;
    result = next(from, to);
    after(struck);
    return result;
}

int unlink(const char *path)
{
    static __typeof__(unlink) *next;
    bool struck = is_struck(&(struct call){"unlink", .path = path, .file = -1});
    int result;

    if (!next)
        next = next_of("unlink");
    if (fails(struck, -1))
        return -1;
    result = next(path);
    after(struck);
    return result;
}

int remove(const char *path)
{
    static __typeof__(remove) *next;
    bool struck = is_struck(&(struct call){"remove", .path = path, .file = -1});
    int result;

    if (!next)
        next = next_of("remove");
    if (fails(struck, -1))
        return -1;
    result = next(path);
    after(struck);
    return result;
}

int rmdir(const char *path)
{
    static __typeof__(rmdir) *next;
    bool struck = is_struck(&(struct call){"rmdir", .path = path, .file = -1});
    int result;

    if (!next)
        next = next_of("rmdir");
    if (fails(struck, -1))
        return -1;
    result = next(path);
    after(struck);
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    static __typeof__(mkdir) *next;
    bool struck = is_struck(&(struct call){"mkdir", .path = path, .file = -1});
    int result;

    if (!next)
        next = next_of("mkdir");
    if (fails(struck, -1))
        return -1;
    result = next(path, mode);
    after(struck);
    return result;
}

DIR *opendir(const char *path)
{
    static __typeof__(opendir) *next;
    bool struck = is_struck(&(struct call){"opendir", .path = path, .file = -1});
    DIR *result;

    if (!next)
        next = next_of("opendir");
    if (fails(struck, -1))
        return NULL;
    result = next(path);
    after(struck);
    return result;
}

struct dirent *readdir(DIR *folder)
{
    static __typeof__(readdir) *next;
    bool struck = is_struck(&(struct call){"readdir", .file = dirfd(folder)});
    struct dirent *result;

    if (!next)
        next = next_of("readdir");
    if (fails(struck, -1))
        return NULL;
    result = next(folder);
    after(struck);
    return result;
}

int connect(int file, const struct sockaddr *peer, socklen_t size)
{
    static __typeof__(connect) *next;
    bool struck = is_struck(&(struct call){"connect", .file = file});
    int result;

    if (!next)
        next = next_of("connect");
    if (fails(struck, file))
        return -1;
    result = next(file, peer, size);
    after(struck);
    return result;
}

ssize_t send(int file, const void *data, size_t size, int flags)
{
    static __typeof__(send) *next;
    bool struck = is_struck(&(struct call){"send", .file = file, .data = data, .size = (ssize_t)size});
    ssize_t result;

    if (!next)
        next = next_of("send");
    if (fails(struck, file))
        return -1;
    result = next(file, data, size, flags);
    after(struck);
    return result;
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags)
{
    static __typeof__(sendmsg) *next;
    bool struck = is_struck(&(struct call){"sendmsg", .file = file});
    ssize_t result;

    if (!next)
        next = next_of("sendmsg");
    if (fails(struck, file))
        return -1;
    result = next(file, message, flags);
    after(struck);
    return result;
}

ssize_t recvmsg(int file, struct msghdr *message, int flags)
{
    static __typeof__(recvmsg) *next;
    bool struck = is_struck(&(struct call){"recvmsg", .file = file});
    ssize_t result;

    if (!next)
        next = next_of("recvmsg");
    if (fails(struck, file))
        return -1;
    result = next(file, message, flags);
    after(struck);
    return result;
}

void *malloc(size_t size)
{
    static __typeof__(malloc) *next;
    bool struck = is_struck(&(struct call){"malloc", .file = -1, .caller = __builtin_return_address(0)});
    void *result;

    if (!next)
        next = next_of("malloc");
    if (fails(struck, -1))
        return NULL;
    result = next(size);
    after(struck);
    return result;
}

void *calloc(size_t count, size_t size)
{
    static __typeof__(calloc) *next;
    bool struck = is_struck(&(struct call){"malloc", .file = -1, .caller = __builtin_return_address(0)});
    void *result;

    if (!next)
        next = next_of("calloc");
    if (fails(struck, -1))
        return NULL;
    result = next(count, size);
    after(struck);
    return result;
}

void *realloc(void *memory, size_t size)
{
    static __typeof__(realloc) *next;
    bool struck = is_struck(&(struct call){"malloc", .file = -1, .caller = __builtin_return_address(0)});
    void *result;

    if (!next)
        next = next_of("realloc");
    if (fails(struck, -1))
        return NULL;
    result = next(memory, size);
    after(struck);
    return result;
}

ssize_t recv(int file, void *data, size_t size, int flags)
{
    static __typeof__(recv) *next;
    bool late = waits_for_data();
    bool struck = !late && is_struck(&(struct call){"recv", .file = file});
    ssize_t result;

    if (!next)
        next = next_of("recv");
    if (fails(struck, file))
        return -1;
    result = next(file, data, size, flags);
    after(struck || (late && is_struck(&(struct call){"recv", .file = file, .data = data, .size = result})));
    return result;
}
