/* What the checker finds in a cell while it is being written. The front end sends, on a comm,
 *     {id, cell, code, above: [{cell, code}, …]}
 * and gets {id, findings: [{start, end, message}, …]} with places in code points of `code`.
 * Nothing runs. Cells above that have not run yet are read for the names that they will make. */
#include "display/error_view.h"
#include "session/json_text.h"
#include "session/session.h"
#include "base/pool.h"

enum { CHECK_WAIT_MS = 20, MOST_FINDINGS = 10 };

/* The mistake's place in the cell, which starts at byte `start` of what was checked. */
static json_t *finding(const struct err *e, uint32_t start, struct str code) {
    struct text message = {0};
    error_view_brief(e, &message);
    int64_t from = utf8_length((struct str){code.p, e->at.start - start});
    int64_t to = utf8_length((struct str){code.p, e->at.end - start});
    json_t *found = json_pack("{s:I,s:I,s:o}", "start", (json_int_t)from, "end", (json_int_t)to,
                              "message", json_of_text(&message));
    text_clear(&message);
    return found;
}

static bool read_cell(const json_t *o, struct engine_cell *cell) {
    *cell = (struct engine_cell){.cell_id = json_string_value(json_object_get(o, "cell"))};
    return json_field_text(o, "code", &cell->code) && cell->code.p && cell->code.n < UINT32_MAX;
}

static json_t *check(struct session *s, const json_t *data) {
    struct engine_cell cell;
    struct err e = {0};
    json_t *above = json_object_get(data, "above"), *list = json_array(), *one;
    struct engine *en = session_engine(s, &e);
    struct engine_cell *cells = pool_zalloc((json_array_size(above) + 1) * sizeof *cells);
    struct err *found = pool_zalloc(MOST_FINDINGS * sizeof *found);
    int n = 0, n_found = 0;
    uint32_t start;
    size_t i;
    if (cells && found && en && read_cell(data, &cell) && cell.code.n) {
        json_array_foreach(above, i, one) n += read_cell(one, &cells[n]);
        n_found = engine_check_draft(en, &cell, cells, n, &start, found, MOST_FINDINGS);
    }
    for (int k = 0; k < n_found; k++) {
        struct span at = found[k].at;
        bool inside = at.start >= start && at.start <= at.end && at.end <= start + cell.code.n;
        if (inside) json_array_append_new(list, finding(&found[k], start, cell.code));
    }
    pool_free(found);
    pool_free(cells);
    return list;
}

void check_message(struct session *s, const char *id, const struct request *r) {
    json_t *data = json_object_get(r->content, "data"), *found = NULL;
    if (!session_lock(s, CHECK_WAIT_MS)) return; /* a cell runs: no answer is the answer */
    if (json_is_object(data)) found = check(s, data);
    session_unlock(s);
    json_t *number = json_object_get(data, "id");
    json_t *answer = json_object(), *content = json_object();
    json_object_set(answer, "id", number ? number : json_null());
    json_object_set_new(answer, "findings", found ? found : json_array());
    json_object_set_new(content, "comm_id", json_string(id));
    json_object_set_new(content, "data", answer);
    session_publish(s, r->origin, "comm_msg", content);
}
