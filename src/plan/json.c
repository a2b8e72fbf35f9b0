#include "plan/json.h"

#include <string.h>

#include "base/digest.h"
#include "plan/internal.h"

json_t *json_of_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    auto_free char *ascii = xstrdup(text);
    for (char *p = ascii; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    return json_string(ascii);
}

json_t *json_of_strings(const struct strv *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(array, json_of_text(list->v[i]));
    return array;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_of_text(text));
}

static void put_number(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *json_of_package(const struct plan_package *p, const struct sources *sources)
{
    json_t *object = json_object();
    put_text(object, "name", p->name);
    put_number(object, "epoch", p->epoch);
    put_text(object, "version", p->version);
    put_text(object, "release", p->release);
    put_text(object, "arch", p->arch);
    put_text(object, "repository", p->source < sources->n ? sources->v[p->source].name : "");
    put_text(object, "location", p->location);
    put_text(object, "base", p->base);
    auto_free char *checksum = xprintf("%s:%s", p->checksum_type, p->checksum);
    put_text(object, "checksum", checksum);
    put_number(object, "download_bytes", p->download_bytes);
    put_number(object, "installed_bytes", p->installed_bytes);
    put_text(object, "reason", plan_reason_name(p->reason));
    put_text(object, "because", p->because);
    if (p->parent != PLAN_NO_PARENT) {
        put_number(object, "parent", p->parent);
        put_text(object, "dependency", p->dep);
    }
    return object;
}

json_t *json_of_packages(const struct plan *plan, const struct sources *sources)
{
    json_t *array = json_array();
    for (size_t i = 0; i < plan->n; i++)
        json_array_append_new(array, json_of_package(&plan->packages[i], sources));
    return array;
}

/* Without what stands between '://' and '@'. */
static json_t *json_of_url(const char *url)
{
    if (!url)
        return json_null();
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    const char *end = host + strcspn(host, "/?#");
    const char *at = memrchr(host, '@', (size_t)(end - host));
    if (!at)
        return json_of_text(url);
    auto_free char *bare = xprintf("%.*s%s", (int)(host - url), url, at + 1);
    return json_of_text(bare);
}

json_t *json_of_sources(const struct sources *sources)
{
    json_t *array = json_array();
    for (size_t i = 0; i < sources->n; i++) {
        const struct source *s = &sources->v[i];
        json_t *object = json_object(), *urls = json_array();
        put_text(object, "name", s->name);
        for (size_t k = 0; k < s->baseurls.n; k++)
            json_array_append_new(urls, json_of_url(s->baseurls.v[k]));
        json_object_set_new(object, "baseurls", urls);
        if (s->mirrorlist)
            json_object_set_new(object, "mirrorlist", json_of_url(s->mirrorlist));
        if (s->metalink)
            json_object_set_new(object, "metalink", json_of_url(s->metalink));
        json_array_append_new(array, object);
    }
    return array;
}

void plan_print_json(const struct plan *plan, const struct sources *sources, FILE *out)
{
    auto_free char *seed = digest_hex(plan->seed, sizeof plan->seed);
    json_t *root = json_object();
    put_text(root, "arch", plan->arch);
    put_text(root, "releasever", plan->releasever);
    json_object_set_new(root, "repositories", json_of_sources(sources));
    json_object_set_new(root, "groups", json_of_strings(&plan->groups));
    json_object_set_new(root, "langs", json_of_strings(&plan->langs));
    json_object_set_new(root, "excludedocs", json_boolean(plan->excludedocs));
    put_number(root, "download_bytes", plan->download_bytes);
    put_number(root, "installed_bytes", plan->installed_bytes);
    put_text(root, "seed", seed);
    json_object_set_new(root, "warnings", json_of_strings(&plan->warnings));
    json_object_set_new(root, "packages", json_of_packages(plan, sources));
    json_dumpf(root, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(root);
}
