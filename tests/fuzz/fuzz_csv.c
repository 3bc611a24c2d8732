/* Fuzz target: CSV files. The cells of a table that was read are looked at, every one. */
#include "target.h"
#include "data/csv_value.h"
#include "data/read.h"
#include <stdlib.h>

static void look_at(const struct table *t) {
    for (int32_t i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (!c->name || !cell_is_text(str_of(c->name))) abort();
        for (int64_t row = 0; row < t->n_rows; row++) {
            if (c->kind == COLUMN_TEXT && c->texts[row] && !cell_is_text(str_of(c->texts[row])))
                abort();
            if (c->kind == COLUMN_BOOL && c->numbers[row] != 0 && c->numbers[row] != 1 &&
                c->numbers[row] == c->numbers[row])
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct err e = {0};
    struct table *t = parse_csv((struct str){(const char *)bytes, n}, &e);
    if (t) look_at(t);
    else if (e.kind == ERR_NONE) abort();
    table_unref(t);
    return 0;
}
