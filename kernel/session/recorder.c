/* Outputs of a cell as a notebook stores them: neighbouring stream texts are one, an update changes
 * the display of its id where it stands. */
#include "session/notebook.h"
#include "session/json_text.h"
#include <string.h>

void recorder_begin(struct recorder *r, int32_t count) {
    *r = (struct recorder){.outputs = json_array(), .ids = json_array(), .count = count};
}

static void clear_all(struct recorder *r) {
    json_array_clear(r->outputs);
    json_array_clear(r->ids);
    text_clear(&r->stream);
    r->clear_next = false;
}

/* The open stream becomes an output. */
static void close_stream(struct recorder *r) {
    if (!r->stream.n) return;
    json_t *output = json_pack("{s:s,s:s}", "output_type", "stream", "name",
                               r->stream_is_error ? "stderr" : "stdout");
    json_object_set_new(output, "text", json_of_text(&r->stream));
    text_clear(&r->stream);
    json_array_append_new(r->outputs, output);
    json_array_append_new(r->ids, json_null());
}

static void append(struct recorder *r, json_t *output, const char *display_id) {
    if (r->clear_next) clear_all(r);
    close_stream(r);
    json_array_append_new(r->outputs, output);
    json_array_append_new(r->ids, display_id ? json_string(display_id) : json_null());
}

void recorder_stream(struct recorder *r, bool is_error, struct str utf8) {
    if (r->clear_next) clear_all(r);
    if (r->stream_is_error != is_error) close_stream(r);
    r->stream_is_error = is_error;
    text_add(&r->stream, utf8);
}

static void update(struct recorder *r, json_t *data, json_t *metadata, const char *display_id) {
    json_t *id;
    size_t i;
    json_array_foreach(r->ids, i, id) {
        const char *its_id = json_string_value(id);
        if (!its_id || strcmp(its_id, display_id) != 0) continue;
        json_t *output = json_array_get(r->outputs, i);
        json_object_set(output, "data", data);
        json_object_set(output, "metadata", metadata);
    }
}

void recorder_display(struct recorder *r, enum display_kind kind, json_t *data, json_t *metadata,
                      const char *display_id) {
    if (kind == DISPLAY_UPDATE || kind == DISPLAY_FINAL) {
        if (display_id) update(r, data, metadata, display_id);
        return;
    }
    json_t *output = json_pack("{s:s,s:O,s:O}", "output_type",
                               kind == DISPLAY_RESULT ? "execute_result" : "display_data", "data",
                               data, "metadata", metadata);
    if (kind == DISPLAY_RESULT) {
        json_object_set_new(output, "execution_count", json_integer(r->count));
    }
    append(r, output, display_id);
}

void recorder_clear(struct recorder *r, bool wait) {
    if (wait) r->clear_next = true;
    else clear_all(r);
}

void recorder_error(struct recorder *r, json_t *error) {
    json_t *output = json_copy(error);
    json_object_set_new(output, "output_type", json_string("error"));
    append(r, output, NULL);
}

void recorder_end(struct recorder *r, json_t *cell) {
    close_stream(r);
    json_object_set_new(cell, "execution_count", json_integer(r->count));
    json_object_set_new(cell, "outputs", r->outputs);
    json_decref(r->ids);
}
