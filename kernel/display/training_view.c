/* The live view of a training run. The front end may throw away scripts and inline pictures of
 * pages that it does not trust; what is used here (div, progress, table, img) survives. */
#include "base/pool.h"
#include "display/display.h"
#include "display/learning_curve.h"
#include "display/svg.h"
#include "display/views.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct training_view {
    struct text header, notes; /* notes: a line each */
    struct table *history;     /* rows of the finished epochs, or NULL */
    int64_t epoch, n_epochs, batch, n_batches, n_examples;
    struct train_count parts, inner; /* counted instead of epochs; within the part under way */
    double loss, seconds;
    struct course course;
    struct machine_cost cost;
    bool has_loss, ended, interrupted, failed;
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
    v->n_examples = event->n_examples;
    v->seconds = event->seconds;
    if (event->parts.things) v->parts = event->parts;
    v->inner = event->inner;
    if (event->kind == TRAIN_BEGIN && event->text) text_adds(&v->header, event->text);
    if (event->kind == TRAIN_NOTE && event->text) text_addf(&v->notes, "%s\n", event->text);
    if (event->kind == TRAIN_BATCH || event->kind == TRAIN_EPOCH) {
        v->loss = event->loss;
        v->has_loss = v->has_loss || !isnan(event->loss);
        if (v->n_batches > 0 && !v->parts.things && (!v->history || v->history->n_rows < 2))
            course_note(&v->course, (double)v->epoch - 1 + (double)v->batch / (double)v->n_batches,
                        v->loss);
    }
    if (event->kind == TRAIN_END) {
        v->ended = true;
        v->interrupted = event->interrupted;
    }
    return note_history(v, event->history, e);
}

/* ---- words ---- */

/* ", loss 0.0111, val_loss 0.0112": the last row's losses and metrics; the loss not where it has
 * been said. */
static void add_last_row(struct text *out, const struct table *t, bool said_loss) {
    for (int32_t i = 0; t && t->n_rows > 0 && i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        struct str name = str_of(c->name);
        bool other = str_is(name, "epoch") || str_is(name, "lr") || str_is(name, "seconds") ||
                     (said_loss && str_is(name, "loss"));
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

/* Seconds still to go, by what has been done so far; negative as long as nothing is. */
static double seconds_left(const struct training_view *v) {
    double done = share_done(v);
    return v->ended ? 0 : done > 0 && v->seconds >= 0.2 ? v->seconds * (1 - done) / done : -1;
}

static void add_rate(struct text *out, const struct training_view *v) {
    double examples = share_done(v) * (double)v->n_epochs * (double)v->n_examples;
    if (examples <= 0 || v->seconds < 0.2) return;
    text_adds(out, ", ");
    double rate = examples / v->seconds;
    if (rate < 10) text_addf(out, "%.1f", rate);
    else count_print((int64_t)(rate + 0.5), out);
    text_adds(out, " examples/s");
}

/* "epoch 3 of 10, batch 120 of 383, loss 0.0123, 4.2 s, 14,300 examples/s, about 9.8 s left" */
static void add_state(struct text *out, const struct training_view *v) {
    if (v->epoch <= 0) {
        text_adds(out, "starting");
        return;
    }
    if (v->parts.things) train_counts_print(&v->parts, &v->inner, out);
    else text_addf(out, "epoch %lld of %lld", (long long)v->epoch, (long long)v->n_epochs);
    if (!v->parts.things && v->batch > 0 && v->batch < v->n_batches)
        text_addf(out, ", batch %lld of %lld", (long long)v->batch, (long long)v->n_batches);
    if (v->has_loss) text_addf(out, ", loss %.4g", v->loss);
    text_adds(out, ", ");
    duration_words(v->seconds, out);
    add_rate(out, v);
    if (share_done(v) >= 1 || seconds_left(v) < 0) return;
    text_adds(out, ", about ");
    duration_words(seconds_left(v), out);
    text_adds(out, " left");
}

/* A fit in one pass has a history of one row that says nothing but how long it took. */
static bool has_losses(const struct training_view *v) {
    return v->history && (!v->parts.things || table_find(v->history, STR("loss")) >= 0);
}

/* "interrupted (or: stopped) after 3 epochs in 4.2 s, loss 0.0111" or "10 epochs in 12.3 s, loss …"
 */
static void add_end(struct text *out, const struct training_view *v) {
    const char *many = v->parts.things ? v->parts.things : "epochs";
    bool early = v->interrupted || v->failed;
    int64_t n = early ? v->parts.done : v->parts.n;
    if (has_losses(v) || !v->parts.things) n = v->history ? v->history->n_rows : 0;
    if (early) text_adds(out, v->failed ? "stopped after " : "interrupted after ");
    if (n || !v->parts.things) {
        text_addf(out, "%lld %.*s in ", (long long)n, (int)(strlen(many) - (n == 1)), many);
    } else {
        text_adds(out, early ? "" : "fitted in ");
    }
    duration_words(v->seconds, out);
    add_last_row(out, v->history, false);
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

/* Whoever listens to the page hears the line when it changes. */
static void add_progress(struct text *html, const struct training_view *v, struct str state) {
    text_addf(html,
              "<div><progress value=\"%.4f\" max=\"1\" style=\"width:240px\" "
              "aria-label=\"training\"></progress> <span role=\"status\">",
              share_done(v));
    svg_escape(html, state);
    text_adds(html, "</span></div>\n");
}

static void add_cost(struct text *html, const struct training_view *v) {
    struct text line = {0};
    if (v->cost.price.usd_per_hour <= 0) return;
    cost_words(&v->cost, v->seconds, seconds_left(v), &line);
    html_line(html, "opacity:.8", text_str(&line));
    text_clear(&line);
}

static void add_notes(struct text *html, const struct text *notes) {
    for (size_t i = 0; i < notes->n;) {
        size_t n = 0;
        while (i + n < notes->n && notes->p[i + n] != '\n') n++;
        html_line(html, NULL, (struct str){notes->p + i, n});
        i += n + 1;
    }
}

/* The curve on the left, where it stays while the rows beside it change. `plain`: the rows once
 * more, for who wants them. */
static bool add_history(const struct training_view *v, struct text *html, struct text *plain,
                        struct err *e) {
    struct text curve = {0};
    bool rows = has_losses(v) && v->history->n_rows > 0;
    const char *x = v->parts.things ? "round" : "epoch";
    bool ok = learning_curve(v->history, &v->course, x, !v->ended, &curve, e);
    if (ok && (curve.n || rows)) {
        text_adds(html, "<div style=\"display:flex;flex-wrap:wrap;gap:1em\">\n");
        if (curve.n) {
            text_adds(html, "<div>\n");
            text_add(html, text_str(&curve));
            text_adds(html, "</div>\n");
        }
        struct view table = {0};
        if (rows) {
            table_view(v->history, true, &table);
            text_adds(html, "<div>\n");
            text_add(html, text_str(&table.html));
            text_adds(html, "</div>\n");
        }
        if (plain) text_add(plain, text_str(&table.plain));
        text_clear(&table.plain);
        text_clear(&table.html);
        text_adds(html, "</div>\n");
    }
    text_clear(&curve);
    return ok;
}

static void add_head(const struct training_view *v, struct text *html) {
    if (v->header.n > 0) html_line(html, "opacity:.8", text_str(&v->header));
}

static void add_below(const struct training_view *v, struct text *html) {
    struct text best = {0};
    add_best(&best, v->history);
    if (best.n > 0) html_line(html, NULL, text_str(&best));
    text_clear(&best);
    add_cost(html, v);
    add_notes(html, &v->notes);
}

static void add_words(const struct training_view *v, struct str state, struct text *html) {
    add_head(v, html);
    if (v->ended) html_line(html, "font-weight:bold", state);
    else add_progress(html, v, state);
    add_below(v, html);
}

void training_view_cost(struct training_view *v, const struct machine_cost *cost) {
    v->cost = *cost;
}

void training_view_stop(struct training_view *v) {
    v->ended = v->failed = true;
}

void training_view_bar(const struct training_view *v, struct live_bar *out) {
    struct text state = {0};
    out->share = share_done(v);
    add_state(&state, v);
    svg_escape(&out->state, text_str(&state));
    text_clear(&state);
    add_head(v, &out->head);
    add_below(v, &out->below);
}

static bool show_rest(const struct training_view *v, struct bundle *b, struct err *e) {
    struct text html = {0}, rows = {0};
    bool ok = add_history(v, &html, &rows, e);
    if (!rows.n) text_adds(&rows, "learning curve");
    if (ok && html.n) {
        struct text *shown = bundle_add(b, "text/html"), *plain = bundle_add(b, "text/plain");
        ok = shown && plain && text_add(shown, text_str(&html)) && text_add(plain, text_str(&rows));
        if (!ok) err_memory(e, html.n);
    }
    text_clear(&html);
    text_clear(&rows);
    return ok;
}

static void add_plain(const struct training_view *v, struct str state, struct text *plain) {
    text_add(plain, state);
    if (!v->ended && v->epoch > 0) add_last_row(plain, v->history, v->has_loss);
    if (v->ended && v->notes.n) /* each in a line of its own, the last without its end */
        text_addf(plain, "\n%.*s", (int)v->notes.n - 1, v->notes.p);
}

bool training_view_show(const struct training_view *v, enum view_part part, struct bundle *b,
                        struct err *e) {
    struct text state = {0};
    if (part == VIEW_REST) return show_rest(v, b, e);
    if (v->ended) add_end(&state, v);
    else add_state(&state, v);
    struct text *html = bundle_add(b, "text/html");
    if (html) add_words(v, text_str(&state), html);
    bool ok = html && (part == VIEW_WORDS || add_history(v, html, NULL, e));
    struct text *plain = ok ? bundle_add(b, "text/plain") : NULL;
    if (plain) add_plain(v, text_str(&state), plain);
    text_clear(&state);
    if (!ok) return false;
    return (plain && !html->failed) || err_memory(e, sizeof *b);
}

bool display_training(const struct train_event *event, struct bundle *b, struct err *e) {
    struct training_view v = {0};
    bool ok = training_view_note(&v, event, e) && training_view_show(&v, VIEW_WHOLE, b, e);
    training_view_clear(&v);
    return ok;
}
