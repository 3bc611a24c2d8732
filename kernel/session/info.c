/* Who the kernel is and how it is doing: kernel_info, usage, and the polite no to a debugger. */
#include "session/language_info.h"
#include "session/session.h"
#include "session/usage.h"

void session_kernel_info(struct session *s, struct request *r) {
    json_t *content =
        json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:b,s:[s],s:[]}", "status", "ok", "protocol_version",
                  "5.5", "implementation", "awml-c", "implementation_version", AWML_VERSION,
                  "language_info", language_info(), "banner",
                  "awml-c " AWML_VERSION " - a small language for machine learning.\nHelp: ?name",
                  "debugger", 0, "supported_features", "kernel subshells", "help_links");
    session_reply(s, r, content);
}

void session_usage(struct session *s, struct request *r) {
    json_t *content = usage_json();
    json_object_set_new(content, "status", json_string("ok"));
    session_reply(s, r, content);
}

/* The form in which debuggers expect "I do not know this command" (Debug Adapter Protocol). */
void session_debug(struct session *s, struct request *r) {
    json_t *seq = json_object_get(r->content, "seq");
    const char *command = json_string_value(json_object_get(r->content, "command"));
    json_int_t number = json_is_integer(seq) ? json_integer_value(seq) : 0;
    session_reply(s, r,
                  json_pack("{s:s,s:I,s:I,s:b,s:s,s:s}", "type", "response", "seq", number,
                            "request_seq", number, "success", 0, "command", command ? command : "",
                            "message", "this kernel has no debugger"));
}
