/* Records of a CSV file into the columns of a table: those of the whole file, or those of a piece
 * of it that begins and ends with a record, in a thread of its own. */
#pragma once
#include "csv_scan.h"
#include "csv_text.h"
#include "table.h"

/* What a column has shown so far. LATE: text came after other values; DONE: leave it alone. */
enum csv_state { CSV_EMPTY, CSV_BOOL, CSV_INT, CSV_NUMBER, CSV_TIME, CSV_TEXT, CSV_LATE, CSV_DONE };

/* A column as one piece of the file knows it. */
struct csv_column {
    union {
        double *numbers; /* the table's cells, all rows of them */
        const char **texts;
    };
    uint8_t state; /* enum csv_state */
    int16_t luck;  /* of texts found among the recent ones; below 0: not looked for any more */
};

struct csv_fill {
    struct csv_scan scan; /* at the first record */
    struct table *table;
    struct csv_column *columns; /* as many as the table has */
    struct csv_texts texts;
    int64_t first, row, end; /* the piece's first row, the next, and the end of its room */
    bool comma;              /* decimals stand behind a comma */
    bool grows;              /* the columns may be made longer, because nobody else fills them */
};

/* The states a column has in two pieces, together. */
enum csv_state csv_state_joined(enum csv_state a, enum csv_state b);

/* Records of `s` from its start, into rows from `first` to before `end`. */
bool csv_fill_init(struct csv_fill *f, struct source *s, char delimiter, struct table *t,
                   int64_t first, int64_t end, struct err *e);
/* All records there are; `row` is then behind the last. */
bool csv_fill_run(struct csv_fill *f, struct err *e);
void csv_fill_clear(struct csv_fill *f);
