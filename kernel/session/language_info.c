/* What front ends need to know of the language to show its text. */
#include "session/language_info.h"

/* codemirror_mode is looked up by name, then by `mime`: an installed awml mode wins, and otherwise
 * Cython's colours and indentation serve. (JupyterLab does not look at `mimetype` when it finds no
 * mode of the language's name.) For Pygments, awml is a lexer of kernelspec/python; nbconvert shows
 * plain text where that is not installed. */
json_t *language_info(void) {
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:{s:s,s:s}}", "name", "awml", "version",
                     AWML_VERSION, "mimetype", "text/x-cython", "file_extension", ".awml",
                     "pygments_lexer", "awml", "nbconvert_exporter", "script", "codemirror_mode",
                     "name", "awml", "mime", "text/x-cython");
}
