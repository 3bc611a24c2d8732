/* Values as MIME bundles. Sees the language's values, never messages. */
#pragma once
#include "lang/values/value.h"

enum { BUNDLE_MAX = 6 };

/* One piece of output in several formats; text/plain is always among them. */
struct bundle {
    struct mime {
        const char *type;  /* "text/plain", "text/html", "image/svg+xml", "image/png", … */
        struct text data;  /* text, or base64 without newlines for binary pictures */
        int width, height; /* CSS pixels of pictures, for the metadata; 0 = not given */
        struct text alt;   /* what a picture shows, in full; empty = as text/plain says */
    } items[BUNDLE_MAX];
    int n;
};

void bundle_clear(struct bundle *b);
/* The text to fill for a new format; NULL when full. */
struct text *bundle_add(struct bundle *b, const char *mime_type);

/* Fill an empty bundle with how a notebook should see `v`. `title` may be NULL. False only when
 * memory is out. */
bool display_value(struct value v, const char *title, struct bundle *b, struct err *e);
/* A plot, figure or picture as a file; the ending decides: .png, .pdf, .jpg, .gif, .apng, else SVG.
 * `dpi`: pixels per inch of a drawn .png; 0 = 200. Any value as the page that a notebook would
 * show: .html. */
bool display_save(struct value v, const char *path, double dpi, struct err *e);

/* What an hour of this machine costs. */
struct machine_price {
    char type[48]; /* "ml.t3.xlarge" */
    bool guessed;  /* the type is a guess */
    double usd_per_hour;
};

/* What to say about money under something that runs: nothing without a price. */
struct machine_cost {
    struct machine_price price;
    double budget; /* USD; 0 = none */
    double spent;  /* of it, when the run began; negative = not known */
};
/* "This machine (ml.t3.xlarge, estimated at 0.2 USD an hour) …": what %budget answers. `hours`:
 * since the machine began, negative = not known. */
void budget_words(const struct machine_cost *c, double hours, struct text *out);

/* A live view may be one display, or two where the front end has a bar of its own: the words with
 * the bar, and what stays a display that changes (curve, rows). */
enum view_part { VIEW_WHOLE, VIEW_WORDS, VIEW_REST };

/* The first of the two for such a bar. HTML; each may be empty. */
struct live_bar {
    double share; /* done, 0 … 1 */
    struct text head, state, below;
};
void live_bar_clear(struct live_bar *b);
/* What is kept of the words while the bar moves, and seen where there is no bar: in files that were
 * saved, or pages whose kernel ended, meanwhile. */
bool display_kept(const struct live_bar *bar, struct bundle *b, struct err *e);

struct progress;
/* How far a search or a reader has come: a bar, a line of words, and the table of its trials.
 * `cost` may be NULL. The bundle stays empty when that part has nothing to show yet. */
bool display_progress(const struct progress *p, const struct machine_cost *cost,
                      enum view_part part, struct bundle *b, struct err *e);
void progress_bar(const struct progress *p, const struct machine_cost *cost, struct live_bar *out);

/* The live view of a training run: text/html (facts, progress, curve, a row per epoch) and one
 * short line of text/plain. Events tell only what is new, so a view keeps what they told so far. */
struct training_view;
struct training_view *training_view_new(struct err *e);
void training_view_free(struct training_view *v);
/* Take note of every event of the run, also of those after which nothing is shown. */
bool training_view_note(struct training_view *v, const struct train_event *event, struct err *e);
/* The run costs money; copied. */
void training_view_cost(struct training_view *v, const struct machine_cost *cost);
/* The run will tell nothing more, although it has not told its end: it failed. */
void training_view_stop(struct training_view *v);
/* The bundle stays empty when that part has nothing to show yet. */
bool training_view_show(const struct training_view *v, enum view_part part, struct bundle *b,
                        struct err *e);
void training_view_bar(const struct training_view *v, struct live_bar *out);
/* The view of one event alone. */
bool display_training(const struct train_event *event, struct bundle *b, struct err *e);
