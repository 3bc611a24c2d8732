/* The few functions of SQLite that the history needs, found when it is first used: the kernel
 * starts without reading the library from disk, and runs where it is missing. */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>

#define SQLITE_FUNCTIONS(F)                                                                        \
    F(open_v2)                                                                                     \
    F(close_v2)                                                                                    \
    F(exec)                                                                                        \
    F(prepare_v2)                                                                                  \
    F(bind_int64)                                                                                  \
    F(bind_text)                                                                                   \
    F(step)                                                                                        \
    F(finalize)                                                                                    \
    F(column_int64)                                                                                \
    F(column_text)                                                                                 \
    F(column_bytes)                                                                                \
    F(last_insert_rowid)                                                                           \
    F(busy_timeout)                                                                                \
    F(errmsg)

struct sqlite_api {
#define F(name) __typeof__(&sqlite3_##name) name;
    SQLITE_FUNCTIONS(F)
#undef F
};

/* False when the library is not there. Not for several threads at once. */
bool sqlite_api_load(struct sqlite_api *api);
