/* run: a program or a notebook from the first cell to the last, without Jupyter. Texts go to the
 * terminal, everything goes into the notebook that --output names. */
#include "cli/cli.h"
#include "display/error_view.h"
#include "lang/engine.h"
#include "session/notebook.h"
#include "session/output.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct job {
    const char *file;
    char output[PATH_MAX]; /* "" = none */
    json_t *notebook;
    struct engine *engine;
    struct recorder recorder;
    struct sink sink;
    bool leaves;       /* the program called exit() */
    bool line_is_open; /* a progress line stands in the terminal */
};

/* For the signal handler; a run is the only thing this process does. */
static struct engine *_Atomic running;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    struct engine *en = atomic_load(&running);
    if (en) engine_stop(en);
}

static void print(FILE *to, struct str text) {
    fwrite(text.p, 1, text.n, to);
}

static void end_progress(struct job *j) {
    if (j->line_is_open) fputc('\n', stdout);
    j->line_is_open = false;
}

static void job_stream(void *user, bool is_error, struct str utf8) {
    struct job *j = user;
    end_progress(j);
    print(is_error ? stderr : stdout, utf8);
    recorder_stream(&j->recorder, is_error, utf8);
}

/* A changing display in a terminal is one line that is written over; elsewhere only its end counts.
 */
static void print_live(struct job *j, enum display_kind kind, struct str plain) {
    if (kind == DISPLAY_FINAL) {
        if (j->line_is_open) fputs("\r\x1b[K", stdout);
        j->line_is_open = false;
        print(stdout, plain);
        fputc('\n', stdout);
        return;
    }
    if (!isatty(STDOUT_FILENO)) return;
    const char *line = memchr(plain.p, '\n', plain.n);
    if (line) plain.n = (size_t)(line - plain.p);
    fputs("\r\x1b[K", stdout);
    print(stdout, plain);
    fflush(stdout);
    j->line_is_open = true;
}

static void job_display(void *user, enum display_kind kind, json_t *data, json_t *metadata,
                        const char *display_id) {
    struct job *j = user;
    json_t *text = json_object_get(data, "text/plain");
    struct str plain = {json_string_value(text), json_string_length(text)};
    recorder_display(&j->recorder, kind, data, metadata, display_id);
    if (!plain.p) return;
    if (kind != DISPLAY_SHOW && kind != DISPLAY_RESULT) {
        print_live(j, kind, plain);
        return;
    }
    end_progress(j);
    print(stdout, plain);
    if (!str_ends(plain, "\n")) fputc('\n', stdout);
}

static void job_page(void *user, struct str markdown) {
    end_progress(user);
    print(stdout, markdown);
    fputc('\n', stdout);
}

static void job_clear(void *user, bool wait) {
    struct job *j = user;
    recorder_clear(&j->recorder, wait);
}

static void job_exit(void *user) {
    struct job *j = user;
    j->leaves = true;
}

static bool read_line(struct text *answer, struct err *e) {
    int c;
    while ((c = getchar()) != EOF && c != '\n') text_addc(answer, (char)c);
    if (c != EOF || answer->n) return true;
    return err_set(e, ERR_INPUT, "the program asks for input, and there is none");
}

static bool job_ask(void *user, struct str prompt, bool hidden, struct text *answer,
                    struct err *e) {
    struct termios before, quiet;
    bool hide = hidden && tcgetattr(STDIN_FILENO, &before) == 0;
    end_progress(user);
    print(stdout, prompt);
    fflush(stdout);
    if (hide) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool ok = read_line(answer, e);
    if (hide) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    return ok;
}

static void report(struct job *j, const struct err *e) {
    struct text view = {0};
    json_t *error = error_json(e, false);
    recorder_error(&j->recorder, error);
    json_decref(error);
    end_progress(j);
    fflush(stdout);
    error_view_text(e, isatty(STDERR_FILENO), &view);
    print(stderr, text_str(&view));
    if (!str_ends(text_str(&view), "\n")) fputc('\n', stderr);
    text_clear(&view);
}

/* One code cell; false when it failed. */
static bool run_cell(struct job *j, json_t *cell, int32_t count) {
    struct text code = {0};
    struct output output;
    struct err e = {0};
    notebook_source(cell, &code);
    recorder_begin(&j->recorder, count);
    output_begin(&output, &j->sink, notebook_cell_id(cell));
    output.engine = j->engine;
    struct engine_observer observer = output_observer(&output);
    struct engine_cell run = {
        .code = text_str(&code), .cell_id = notebook_cell_id(cell), .number = count};
    bool ok = engine_run(j->engine, &run, &observer, &e);
    output_settle(&output);
    if (!ok) report(j, &e);
    end_progress(j);
    recorder_end(&j->recorder, cell);
    output_end(&output);
    text_clear(&code);
    return ok || notebook_may_fail(cell);
}

static bool run_cells(struct job *j) {
    json_t *cells = notebook_cells(j->notebook), *cell;
    int32_t count = 0;
    size_t i;
    json_array_foreach(cells, i, cell) {
        if (notebook_is_code(cell) && !run_cell(j, cell, ++count)) return false;
        if (j->leaves) break;
    }
    return true;
}

/* Said before a long run, not after it. */
static bool can_write(const char *path, struct err *e) {
    char folder[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(path, '/');
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return err_set(e, ERR_FILE, "cannot write %s: it is a folder", path);
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    if (access(folder, W_OK | X_OK) == 0) return true;
    return err_set(e, ERR_FILE, "cannot write %s: %s: %s", path, folder, strerror(errno));
}

static bool set_output(struct job *j, const char *path) {
    char folder[PATH_MAX] = "";
    if (*path != '/' && !getcwd(folder, sizeof folder)) return false;
    const char *slash = *path == '/' ? "" : "/";
    int n = snprintf(j->output, sizeof j->output, "%s%s%s", folder, slash, path);
    return n > 0 && (size_t)n < sizeof j->output;
}

/* Paths in a notebook mean what they mean in JupyterLab: they start at the notebook's folder. */
static void enter_folder(const char *file) {
    char folder[PATH_MAX];
    const char *slash = strrchr(file, '/');
    if (!slash || !str_ends(str_of(file), ".ipynb")) return;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - file + 1), file);
    if (chdir(folder) != 0) perror(folder);
}

static int run_job(struct job *j) {
    struct err e = {0};
    struct sigaction action = {.sa_handler = on_interrupt};
    if (j->output[0] && !can_write(j->output, &e)) return cli_failed(&e);
    j->notebook = notebook_load(j->file, &e);
    j->engine = j->notebook ? engine_new(&e) : NULL;
    if (!j->engine) return cli_failed(&e);
    atomic_store(&running, j->engine);
    sigaction(SIGINT, &action, NULL);
    enter_folder(j->file);
    bool ok = run_cells(j);
    if (j->output[0] && !notebook_save(j->notebook, j->output, &e)) return cli_failed(&e);
    return ok ? STATUS_DONE : STATUS_FAILED;
}

static bool read_args(struct job *j, int argc, char **argv, int *status) {
    for (int i = 0; i < argc; i++) {
        bool after = !strcmp(argv[i], "--output"), joined = !strncmp(argv[i], "--output=", 9);
        if (after || joined) {
            const char *path = joined ? argv[i] + 9 : i + 1 < argc ? argv[++i] : "";
            if (!*path)
                return *status = cli_misused("--output needs the name of a notebook"), false;
            if (!set_output(j, path)) return *status = cli_misused("too long a path"), false;
        } else if (argv[i][0] == '-' || j->file) {
            return *status = cli_misused("`%s` is too much for run", argv[i]), false;
        } else {
            j->file = argv[i];
        }
    }
    if (!j->file) *status = cli_misused("run needs a file: FILE.awml or FILE.ipynb");
    return j->file != NULL;
}

int cli_run(int argc, char **argv) {
    struct job j = {.file = NULL};
    int status = STATUS_DONE;
    j.sink = (struct sink){.user = &j,
                           .stream = job_stream,
                           .display = job_display,
                           .page = job_page,
                           .clear = job_clear,
                           .exit = job_exit,
                           .ask = job_ask};
    if (read_args(&j, argc, argv, &status)) status = run_job(&j);
    atomic_store(&running, NULL);
    if (j.engine) engine_free(j.engine);
    json_decref(j.notebook);
    return status;
}
