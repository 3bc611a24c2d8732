/* What was typed, across sessions. One row per cell; a session is a row too, whose number is what
 * front ends count back from. Several kernels may use the file at once: each statement is its own
 * short transaction and waits for the others at most BUSY_MS. */
#include "session/history.h"
#include "session/log.h"
#include "session/sqlite_api.h"
#include "base/pool.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 500, PENDING_MAX = 4096 };

/* Front ends ask for the last lines each time a notebook opens: a cell or a result that is larger
 * than a person types or reads would be sent then, for ever. */
enum { SOURCE_MAX = 256 << 10, OUTPUT_MAX = 64 << 10 };

struct entry {
    int32_t line;
    struct text source, output;
};

struct history {
    pthread_mutex_t lock;
    struct sqlite_api sql;
    sqlite3 *db;
    bool tried;      /* opening was tried */
    int64_t session; /* number of this session; 0 = not yet in the file */
    struct entry *pending;
    int n_pending, cap;
};

struct history *history_new(void) {
    struct history *h = pool_zalloc(sizeof *h);
    if (h) pthread_mutex_init(&h->lock, NULL);
    return h;
}

static void drop_pending(struct history *h) {
    for (int i = 0; i < h->n_pending; i++) {
        text_clear(&h->pending[i].source);
        text_clear(&h->pending[i].output);
    }
    h->n_pending = 0;
}

void history_free(struct history *h) {
    if (!h) return;
    history_flush(h);
    drop_pending(h);
    pool_free(h->pending);
    if (h->db) h->sql.close_v2(h->db);
    pthread_mutex_destroy(&h->lock);
    pool_free(h);
}

/* Make the folders of a path, as `mkdir -p` would. */
static void make_folders(char *path) {
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        mkdir(path, 0700);
        *p = '/';
    }
}

static bool history_path(struct text *path) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && *data == '/') text_adds(path, data);
    else if (home && *home == '/') text_addf(path, "%s/.local/share", home);
    else return false;
    return text_adds(path, "/awml/history.sqlite");
}

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS sessions(session INTEGER PRIMARY KEY AUTOINCREMENT,"
    " started TEXT DEFAULT CURRENT_TIMESTAMP);"
    "CREATE TABLE IF NOT EXISTS lines(session INTEGER, line INTEGER, source TEXT, output TEXT,"
    " PRIMARY KEY(session, line));";

static bool open_at(struct history *h, const char *path) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    if (h->sql.open_v2(path, &h->db, flags, NULL) == SQLITE_OK) {
        h->sql.busy_timeout(h->db, BUSY_MS);
        if (h->sql.exec(h->db, schema, NULL, NULL, NULL) == SQLITE_OK) return true;
        log_note("history %s: %s", path, h->sql.errmsg(h->db));
    }
    h->sql.close_v2(h->db);
    h->db = NULL;
    return false;
}

static bool open_file(struct history *h) {
    struct text path = {0};
    bool ok = history_path(&path);
    if (ok) {
        make_folders(path.p);
        int fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0) close(fd);
        ok = fd >= 0 && open_at(h, path.p);
    }
    text_clear(&path);
    return ok;
}

static bool ensure_open(struct history *h) {
    if (h->tried) return h->db != NULL;
    h->tried = true;
    if (!sqlite_api_load(&h->sql)) {
        log_note("history: no SQLite library");
        return false;
    }
    return open_file(h) || open_at(h, ":memory:");
}

static bool ensure_session(struct history *h) {
    if (!ensure_open(h)) return false;
    if (h->session) return true;
    const char *insert = "INSERT INTO sessions DEFAULT VALUES";
    if (h->sql.exec(h->db, insert, NULL, NULL, NULL) != SQLITE_OK) return false;
    h->session = h->sql.last_insert_rowid(h->db);
    return true;
}

void history_add(struct history *h, int32_t line, struct str source, struct str output) {
    if (source.n > SOURCE_MAX) return;
    if (output.n > OUTPUT_MAX) output = STR("");
    pthread_mutex_lock(&h->lock);
    if (h->n_pending == h->cap && h->cap < PENDING_MAX) {
        int cap = h->cap ? 2 * h->cap : 16;
        struct entry *grown = pool_realloc(h->pending, (size_t)cap * sizeof *grown);
        if (grown) h->pending = grown, h->cap = cap;
    }
    if (h->n_pending < h->cap) {
        struct entry *x = &h->pending[h->n_pending++];
        *x = (struct entry){.line = line};
        text_add(&x->source, source);
        text_add(&x->output, output);
    }
    pthread_mutex_unlock(&h->lock);
}

bool history_is_pending(struct history *h) {
    pthread_mutex_lock(&h->lock);
    bool pending = h->n_pending > 0;
    pthread_mutex_unlock(&h->lock);
    return pending;
}

static void bind(struct history *h, sqlite3_stmt *q, int i, struct str s) {
    h->sql.bind_text(q, i, s.p ? s.p : "", (int)(s.n < 1u << 30 ? s.n : 1u << 30),
                     SQLITE_TRANSIENT);
}

static void write_pending(struct history *h) {
    sqlite3_stmt *q = NULL;
    const char *insert = "INSERT OR REPLACE INTO lines VALUES(?1, ?2, ?3, ?4)";
    h->sql.exec(h->db, "BEGIN", NULL, NULL, NULL);
    for (int i = 0; i < h->n_pending; i++) {
        const struct entry *x = &h->pending[i];
        if (h->sql.prepare_v2(h->db, insert, -1, &q, NULL) != SQLITE_OK) break;
        h->sql.bind_int64(q, 1, h->session);
        h->sql.bind_int64(q, 2, x->line);
        bind(h, q, 3, text_str(&x->source));
        bind(h, q, 4, text_str(&x->output));
        if (h->sql.step(q) != SQLITE_DONE) log_warn("history", "%s", h->sql.errmsg(h->db));
        h->sql.finalize(q);
    }
    h->sql.exec(h->db, "COMMIT", NULL, NULL, NULL);
}

static void flush_locked(struct history *h) {
    if (!h->n_pending) return;
    if (ensure_session(h)) write_pending(h);
    drop_pending(h);
}

void history_flush(struct history *h) {
    pthread_mutex_lock(&h->lock);
    flush_locked(h);
    pthread_mutex_unlock(&h->lock);
}

#define LAST_OF_EACH " AND rowid IN (SELECT max(rowid) FROM lines GROUP BY source)"
#define NEWEST_N " ORDER BY session DESC, line DESC LIMIT ?1) ORDER BY session, line"
#define COLUMNS "SELECT session, line, source, output FROM "

/* ?1 = n or session, ?2 = pattern or start, ?3 = stop */
static const char *query_sql(const struct history_query *q) {
    if (q->access == HISTORY_RANGE) {
        return COLUMNS "lines WHERE session = ?1 AND line >= ?2 AND line < ?3 ORDER BY line";
    }
    if (q->access == HISTORY_SEARCH) {
        return q->unique ? COLUMNS "(" COLUMNS "lines WHERE source GLOB ?2" LAST_OF_EACH NEWEST_N
                         : COLUMNS "(" COLUMNS "lines WHERE source GLOB ?2" NEWEST_N;
    }
    return q->unique ? COLUMNS "(" COLUMNS "lines WHERE 1" LAST_OF_EACH NEWEST_N
                     : COLUMNS "(" COLUMNS "lines WHERE 1" NEWEST_N;
}

/* Only * and ? mean something; a bracket stands for itself. */
static void glob_of(struct str pattern, struct text *out) {
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] == '[') text_adds(out, "[[]");
        else text_addc(out, pattern.p[i]);
    }
    if (!pattern.n) text_adds(out, "*");
}

static void bind_query(struct history *h, sqlite3_stmt *s, const struct history_query *q) {
    struct text glob = {0};
    if (q->access == HISTORY_RANGE) {
        h->sql.bind_int64(s, 1, q->session > 0 ? q->session : h->session + q->session);
        h->sql.bind_int64(s, 2, q->start);
        h->sql.bind_int64(s, 3, q->stop > 0 ? q->stop : INT64_MAX);
    } else {
        h->sql.bind_int64(s, 1, q->n > 0 ? q->n : -1);
    }
    if (q->access == HISTORY_SEARCH) {
        glob_of(q->pattern, &glob);
        bind(h, s, 2, text_str(&glob));
    }
    text_clear(&glob);
}

static struct str column(struct history *h, sqlite3_stmt *s, int i) {
    const char *p = (const char *)h->sql.column_text(s, i);
    return (struct str){p ? p : "", (size_t)h->sql.column_bytes(s, i)};
}

void history_find(struct history *h, const struct history_query *q,
                  void (*row)(void *user, int64_t session, int64_t line, struct str source,
                              struct str output),
                  void *user) {
    sqlite3_stmt *s = NULL;
    pthread_mutex_lock(&h->lock);
    flush_locked(h);
    if (ensure_session(h) && h->sql.prepare_v2(h->db, query_sql(q), -1, &s, NULL) == SQLITE_OK) {
        bind_query(h, s, q);
        while (h->sql.step(s) == SQLITE_ROW) {
            row(user, h->sql.column_int64(s, 0), h->sql.column_int64(s, 1), column(h, s, 2),
                column(h, s, 3));
        }
        h->sql.finalize(s);
    }
    pthread_mutex_unlock(&h->lock);
}
