/* The live view of a training run. The front end may throw away scripts and inline pictures of
 * pages that it does not trust; what is used here (div, progress, table, img) survives. */
#include "base/pool.h"
#include "display/display.h"
#include "display/svg.h"
#include "display/views.h"
#include <math.h>
#include <stdio.h>

struct training_view {
    struct text header, notes; /* notes: a line each */
    struct table *history;     /* rows of the finished epochs, or NULL */
    int64_t epoch, n_epochs, batch, n_batches;
    double loss, seconds;
    bool has_loss, ended, interrupted;
};

struct training_view *training_view_new(struct err *e) {
    return pool_need(sizeof(struct training_view), e);
}

static void training_view_clear(struct training_view *v) {
    text_clear(&v->header);
    text_clear(&v->notes);
    table_unref(v->history);
    *v = (struct training_view){0};
}

void training_view_free(struct training_view *v) {
    if (v) training_view_clear(v);
    pool_free(v);
}

static bool note_history(struct training_view *v, const struct table *history, struct err *e) {
    if (!history) return true;
    struct table *copy = table_slice(history, 0, history->n_rows, e);
    if (!copy) return false;
    table_unref(v->history);
    v->history = copy;
    return true;
}

bool training_view_note(struct training_view *v, const struct train_event *event, struct err *e) {
    v->epoch = event->epoch;
    v->n_epochs = event->n_epochs;
    v->batch = event->kind == TRAIN_EPOCH ? event->n_batches : event->batch;
    v->n_batches = event->n_batches;
    v->seconds = event->seconds;
    if (event->kind == TRAIN_BEGIN && event->text) text_adds(&v->header, event->text);
    if (event->kind == TRAIN_NOTE && event->text) text_addf(&v->notes, "%s\n", event->text);
    if (event->kind == TRAIN_BATCH || event->kind == TRAIN_EPOCH) {
        v->loss = event->loss;
        v->has_loss = v->has_loss || !isnan(event->loss);
    }
    if (event->kind == TRAIN_END) {
        v->ended = true;
        v->interrupted = event->interrupted;
    }
    return note_history(v, event->history, e);
}

/* ---- words ---- */

static void add_duration(struct text *out, double seconds) {
    if (seconds < 0.995) text_addf(out, "%.2f s", seconds);
    else if (seconds < 59.95) text_addf(out, "%.1f s", seconds);
    else if (seconds < 3570)
        text_addf(out, "%d min %d s", (int)(seconds + 0.5) / 60, (int)(seconds + 0.5) % 60);
    else
        text_addf(out, "%d h %d min", (int)(seconds / 60 + 0.5) / 60,
                  (int)(seconds / 60 + 0.5) % 60);
}

/* ", loss 0.0111, val_loss 0.0112": the last row's losses and metrics. */
static void add_last_row(struct text *out, const struct table *t) {
    for (int32_t i = 0; t && t->n_rows > 0 && i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        struct str name = str_of(c->name);
        bool other = str_is(name, "epoch") || str_is(name, "lr") || str_is(name, "seconds");
        if (other || c->kind == COLUMN_TEXT) continue;
        text_addf(out, ", %s %.4g", c->name, c->numbers[t->n_rows - 1]);
    }
}

/* Share of the whole run that is done. */
static double share_done(const struct training_view *v) {
    if (v->n_epochs <= 0) return 0;
    double in_epoch = v->n_batches > 0 ? (double)v->batch / (double)v->n_batches : 0;
    double done = ((double)(v->epoch > 0 ? v->epoch - 1 : 0) + in_epoch) / (double)v->n_epochs;
    return done < 0 ? 0 : done > 1 ? 1 : done;
}

/* "epoch 3 of 10, batch 120 of 383, loss 0.0123, 4.2 s, 112 batches/s, about 9.8 s left" */
static void add_state(struct text *out, const struct training_view *v) {
    if (v->epoch <= 0) {
        text_adds(out, "starting");
        return;
    }
    text_addf(out, "epoch %lld of %lld", (long long)v->epoch, (long long)v->n_epochs);
    if (v->batch > 0 && v->batch < v->n_batches)
        text_addf(out, ", batch %lld of %lld", (long long)v->batch, (long long)v->n_batches);
    if (v->has_loss) text_addf(out, ", loss %.4g", v->loss);
    text_adds(out, ", ");
    add_duration(out, v->seconds);
    double done = share_done(v);
    if (done <= 0 || v->seconds < 0.2) return;
    double rate = done * (double)v->n_epochs * (double)v->n_batches / v->seconds;
    text_addf(out, rate < 10 ? ", %.1f batches/s" : ", %.0f batches/s", rate);
    if (done >= 1) return;
    text_adds(out, ", about ");
    add_duration(out, v->seconds * (1 - done) / done);
    text_adds(out, " left");
}

/* "interrupted after 3 epochs, 4.2 s, loss 0.0111" or "10 epochs in 12.3 s, loss …" */
static void add_end(struct text *out, const struct training_view *v) {
    int64_t n = v->history ? v->history->n_rows : 0;
    if (v->interrupted) text_adds(out, "interrupted after ");
    text_addf(out, "%lld epoch%s in ", (long long)n, n == 1 ? "" : "s");
    add_duration(out, v->seconds);
    add_last_row(out, v->history);
}

/* The epoch whose weights are kept. */
static void add_best(struct text *out, const struct table *t) {
    int i = t ? table_find(t, STR("val_loss")) : -1;
    if (i < 0 || t->n_rows == 0) return;
    int64_t best = -1;
    const double *loss = t->columns[i].numbers;
    for (int64_t k = 0; k < t->n_rows; k++)
        if (!isnan(loss[k]) && (best < 0 || loss[k] < loss[best])) best = k;
    int epoch_column = table_find(t, STR("epoch"));
    double epoch = epoch_column >= 0 && best >= 0 ? t->columns[epoch_column].numbers[best]
                                                  : (double)(best + 1);
    if (best >= 0) text_addf(out, "lowest val_loss %.4g in epoch %.0f", loss[best], epoch);
}

/* ---- the two formats ---- */

static void add_progress(struct text *html, const struct training_view *v, struct str state) {
    text_addf(html, "<div><progress value=\"%.4f\" max=\"1\" style=\"width:240px\"></progress> ",
              share_done(v));
    svg_escape(html, state);
    text_adds(html, "</div>\n");
}

static void add_notes(struct text *html, const struct text *notes) {
    for (size_t i = 0; i < notes->n;) {
        size_t n = 0;
        while (i + n < notes->n && notes->p[i + n] != '\n') n++;
        html_line(html, NULL, (struct str){notes->p + i, n});
        i += n + 1;
    }
}

static bool add_html(const struct training_view *v, struct str state, struct text *html,
                     struct err *e) {
    if (v->header.n > 0) html_line(html, "opacity:.8", text_str(&v->header));
    if (v->ended) html_line(html, "font-weight:bold", state);
    else add_progress(html, v, state);
    struct text best = {0};
    if (v->ended) add_best(&best, v->history);
    if (best.n > 0) html_line(html, NULL, text_str(&best));
    text_clear(&best);
    add_notes(html, &v->notes);
    if (!v->history || v->history->n_rows == 0) return true;
    struct view rows = {0};
    table_view(v->history, true, &rows);
    text_adds(html, "<div style=\"display:flex;flex-wrap:wrap;gap:1em\">\n<div>\n");
    text_add(html, text_str(&rows.html));
    text_clear(&rows.plain);
    text_clear(&rows.html);
    text_adds(html, "</div>\n<div>\n");
    TRY(history_curve(v->history, html, e));
    text_adds(html, "</div>\n</div>\n");
    return !html->failed || err_memory(e, html->n);
}

bool training_view_show(const struct training_view *v, struct bundle *b, struct err *e) {
    struct text state = {0};
    if (v->ended) add_end(&state, v);
    else add_state(&state, v);
    struct text *html = bundle_add(b, "text/html");
    bool ok = html && add_html(v, text_str(&state), html, e);
    struct text *plain = ok ? bundle_add(b, "text/plain") : NULL;
    if (plain) text_add(plain, text_str(&state));
    if (plain && !v->ended && v->epoch > 0) add_last_row(plain, v->history);
    text_clear(&state);
    if (!ok) return false;
    return plain != NULL || err_memory(e, sizeof *b);
}

bool display_training(const struct train_event *event, struct bundle *b, struct err *e) {
    struct training_view v = {0};
    bool ok = training_view_note(&v, event, e) && training_view_show(&v, b, e);
    training_view_clear(&v);
    return ok;
}
