#include "install/report.h"

#include "base/memory.h"

struct install_report *install_report_new(void)
{
    struct arena *arena = arena_new();
    struct install_report *report = arena_alloc(arena, sizeof *report);
    report->arena = arena;
    return report;
}

void install_report_add(struct install_report *report, const struct install_scriptlet *scriptlet)
{
    struct install_scriptlet *s = arena_push(report->arena, report->scriptlets, report->n);
    *s = *scriptlet;
    s->package = arena_strdup(report->arena, scriptlet->package);
    s->scriptlet = arena_strdup(report->arena, scriptlet->scriptlet);
    s->output = arena_strdup(report->arena, scriptlet->output);
}

void install_report_free(struct install_report *report)
{
    if (report)
        arena_free(report->arena);
}
