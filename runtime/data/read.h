/* Files in and out. Paths are as the student wrote them; errors name the file and what is wrong
 * with it (missing, cut short, not of this kind) and never crash on damaged input. */
#pragma once
#include "table.h"

/* NumPy .npy 1.0-3.0, C and Fortran order. */
struct tensor *read_npy(const char *path, struct err *e);
bool write_npy(const struct tensor *t, const char *path, struct err *e);
bool npy_bytes(const struct tensor *t, struct text *out, struct err *e); /* appended to out */
struct tensor *read_idx(const char *path, struct err *e); /* MNIST's IDX, plain or gzip */
/* RFC 4180, plain or gzip, types found; `comma`: numbers are written 1.234,56. */
struct table *read_csv(const char *path, bool comma, struct err *e);
bool write_csv(const struct table *t, const char *path, struct err *e);
/* What the file will give, from its header alone (for the checker): false if it cannot be known. */
bool peek_npy(const char *path, struct desc *d);
bool peek_idx(const char *path, struct desc *d);

/* How far a file has been read; told on the thread that called read_watch, between pieces of some
 * MB. Files that are read more than once say in which round they are; of one that is read in pieces
 * by several threads, the pieces of this thread tell their own share. One listener for the process;
 * NULL = nobody. */
struct read_progress {
    const char *path;
    uint64_t bytes; /* of the file */
    double share;   /* of this round, 0 … 1 */
    int round, n_rounds;
    bool begins, ended;
};
void read_watch(void (*seen)(void *user, const struct read_progress *p), void *user);

/* The same from memory, for tests and fuzzing. */
struct tensor *parse_npy(struct str bytes, struct err *e);
struct tensor *parse_idx(struct str bytes, struct err *e);
struct table *parse_csv(struct str bytes, struct err *e);

/* A whole file; gzip is unpacked if the bytes say so. text_clear the result. */
bool read_file(const char *path, struct text *out, struct err *e);

/* "~/x" as the shell reads it, into `out`. */
void source_path(const char *path, char *out, size_t cap);

/* Named data sets (datasets.list): where they may lie on disk, and one that is shipped with the
 * program and needs nothing. */
struct dataset {
    struct tensor *train_x, *train_y, *test_x, *test_y; /* references */
    const char *const *classes;                         /* names of the classes */
    int n_classes;
};
struct dataset_row {
    const char *name, *help, *licence;
    struct desc train_x, train_y, test_x, test_y;
};
int dataset_n_rows(void);
const struct dataset_row *dataset_row_at(int i);
bool dataset_load(struct str name, struct dataset *out, struct err *e);
void dataset_clear(struct dataset *d);

/* safetensors: named tensors in one file. Names are interned. */
struct named_tensor {
    const char *name;
    struct tensor *value;
};
bool write_safetensors(const struct named_tensor *items, int n, const char *path, struct err *e);
/* items: new array of *n (pool_free it, unref the values). */
bool read_safetensors(const char *path, struct named_tensor **items, int *n, struct err *e);
bool parse_safetensors(struct str bytes, struct named_tensor **items, int *n, struct err *e);
