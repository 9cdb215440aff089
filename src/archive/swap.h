/*
 * A new folder replaces an hour's folder in one step, so that readers of the archive's folders see the old files or the
 * new ones, and never both or neither.
 *
 * Order of calls: swap_begin() makes the new folder in a writer's own, `<root>/.staging/<token>/swap-<hour>/`, and the
 * new files are written there. A transaction lists them in PostgreSQL. Then swap_exchange(), swap_drain(), and, when
 * the replaced files are no longer listed, swap_end(). A crash in between leaves the folder, from which
 * archive/recover.h continues: while listed new files are in it, the exchange is pending.
 *
 * A second exchange would undo the first. So the next process first takes the folder over: swap_take_over() renames it
 * to swap-<hour>.1, .2 and so on. If the owner lives after all, and has lost only its lock, it changes nothing any
 * more: the name that it knows leads nowhere.
 */
#ifndef ANTENNA_ARCHIVE_SWAP_H
#define ANTENNA_ARCHIVE_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/staging.h"

struct swap;

/** The swap of an hour in a writer's folder, taken over so many times; touches nothing on disk. Free with swap_free().
 */
struct swap *swap_new(const struct staging *staging, int64_t hour, unsigned taken) must_check;

/** Frees it; NULL is fine. */
void swap_free(struct swap *swap);

/** For cleanup(). */
void swap_cleanup(struct swap **swap);

/**
 * Makes the new folder, with the rights of the hour's folder, which must be there. Errors: ERROR_CONFIGURATION when the
 * two could not be exchanged: the file system cannot do that, or the hour's folder belongs to another user.
 */
int swap_begin(const struct swap *swap, struct error *error) must_check;

/**
 * Renames the folder, so that only the caller knows its name. Returns 1 when nothing has the name any more: its owner
 * has ended the swap, or another has taken it over.
 */
int swap_take_over(struct swap *swap, struct error *error) must_check;

/** The hour whose folder it replaces. */
int64_t swap_hour(const struct swap *swap);

/** The path of a file in the new folder, and in the hour's. Free the texts. */
char *swap_path(const struct swap *swap, const char *name) must_check;
char *swap_hour_path(const struct swap *swap, const char *name) must_check;

/** The files in the new folder. */
int swap_list(const struct swap *swap, struct file_names *ret_names, struct error *error) must_check;

/** Whether the new folder has a file of this name. */
bool swap_has(const struct swap *swap, const char *name);

/** Whether the hour's folder has a file of this name. */
bool swap_hour_has(const struct swap *swap, const char *name);

/** Waits until the disk knows the names of the files in the new folder. */
int swap_sync(const struct swap *swap, struct error *error) must_check;

/**
 * Adds all other files of the hour's folder to the new one, a second name for each, and exchanges the folders.
 * `replaced` are the names of the files to be left out, sorted by strcmp(). Returns when those who opened the folder
 * before have had the time to list it.
 */
int swap_exchange(const struct swap *swap, const struct file_names *replaced, struct error *error) must_check;

/** Deletes a file in the new folder. */
int swap_delete(const struct swap *swap, const char *name, struct error *error) must_check;

/**
 * Empties the folder that is out of its place: what is replaced is deleted, all else, such as a late file that came
 * while the folders were exchanged, is put into the hour's folder unless it is there, too.
 */
int swap_drain(const struct swap *swap, const struct file_names *replaced, struct error *error) must_check;

/** Removes the folder that is out of its place, and settles what came into it until then. */
int swap_end(const struct swap *swap, struct error *error) must_check;

/** Removes the hour's folder, and those of its day and month, as far as they are empty. A writer makes them again. */
void swap_remove_empty(const struct swap *swap);

#endif
