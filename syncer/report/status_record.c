#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/outside.h"
#include "report/printable.h"
#include "report/status_record.h"

#define COUNT_MAX	((uint64_t)1 << 53)

static const char *const results[STATUS_RESULTS] = {
	[STATUS_UPDATED] = "updated",
	[STATUS_UNCHANGED] = "unchanged",
	[STATUS_FAILED] = "failed",
	[STATUS_HELD] = "held",
	[STATUS_NOT_REACHED] = "not_reached",
};

static const char *const reasons[STATUS_REASONS] = {
	[ERR_NONE] = "unknown",
	[ERR_INPUT] = "configuration",
	[ERR_STORE] = "store",
	[ERR_SYS] = "system",
	[ERR_DATA] = "data",
	[ERR_LIMIT] = "limit",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_DENIED] = "denied",
	[ERR_SIGNATURE] = "signature",
	[ERR_NET] = "network",
	[ERR_CANCELLED] = "cancelled",
	[ERR_ROOM] = "no_room",
	[ERR_DIGEST] = "digest",
};

/* Where ${text} stands in ${names}; ${count} where it does not. */
static size_t
find(const char *const *names, size_t count, const char *text)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text != NULL && strcmp(names[i], text) == 0)
			break;
	return i;
}

const char *
status_result_name(enum status_result result)
{
	assert(result < STATUS_RESULTS);
	return results[result];
}

bool
status_result_read(const char *text, enum status_result *ret)
{
	size_t result = find(results, STATUS_RESULTS, text);

	if (result == STATUS_RESULTS)
		return false;
	*ret = (enum status_result)result;
	return true;
}

const char *
status_reason(enum err_code code)
{
	assert((size_t)code < STATUS_REASONS);
	return reasons[code];
}

/* The name is in the record: one allocation for each of a hundred thousand. */
struct status_record *
status_record_new(const char *image)
{
	size_t len = strlen(image) + 1;
	struct status_record *r = xcalloc(1, sizeof(*r) + len);

	memcpy(r->image, image, len);
	r->keep = KEEP_DEFAULT;
	return r;
}

void
status_record_free(struct status_record *r)
{
	if (r == NULL)
		return;
	free(r->error);
	free(r->key);
	free(r);
}

/* Messages quote strangers at length; the file is read by many. */
void
status_record_set_error(struct status_record *r, const char *text)
{
	free(r->error);
	r->error = xstrdup(text);
	outside_show(r->error);
	if (strlen(r->error) > STATUS_ERROR_MAX)
		r->error[STATUS_ERROR_MAX] = '\0';
	printable(r->error);
}

/* Only what needs no escaping in JSON: lines are compared as they are. */
static void
take_key(struct status_record *r, const char *name, const char *id)
{
	char *at;

	if (id == NULL || strspn(id, "0123456789abcdef") != strlen(id))
		id = "";
	snprintf(r->key_id, sizeof(r->key_id), "%s", id);
	free(r->key);
	r->key = xstrndup(name, VERIFIED_NAME_MAX);
	for (at = r->key; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			*at = '?';
}

void
status_record_set_key(struct status_record *r, const char *path,
    const char *id)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	if (path != NULL)
		take_key(r, slash == NULL ? path : slash + 1, id);
}

/* Of what the run has not reached it does not know which key there would be;
 * another key than before has not checked it. */
void
status_record_keep_key(struct status_record *r, const struct status_record *old)
{
	bool is_same = r->key != NULL && old->key != NULL &&
	    strcmp(r->key, old->key) == 0 &&
	    strcmp(r->key_id, old->key_id) == 0;

	if (!old->is_verified || !old->has_digest ||
	    (r->is_refuted && digest_equal(&r->digest, &old->digest)) ||
	    (!is_same && r->result != STATUS_NOT_REACHED))
		return;
	take_key(r, old->key, old->key_id);
	r->is_verified = true;
}

/* A time that gmtime_r(3) cannot write is none. */
void
status_set_time(json_t *object, const char *key, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char text[32];

	if (when == 0 || gmtime_r(&t, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(object, key, json_string(text));
}

/* %n tells whether all of the text was read. */
int64_t
status_time(const char *text)
{
	struct tm tm = { 0 };
	time_t t;
	int end = 0;

	if (text == NULL || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n",
	    &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
	    &tm.tm_sec, &end) != 6 || end != (int)strlen(text))
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm);
	return t > 0 ? (int64_t)t : 0;
}

int64_t
status_get_time(const json_t *object, const char *key)
{
	return status_time(json_string_value(json_object_get(object, key)));
}

/* Beyond that a reader in JavaScript would see another number. */
void
status_set_count(json_t *object, const char *key, uint64_t n)
{
	json_object_set_new(object, key,
	    json_integer((json_int_t)(n > COUNT_MAX ? COUNT_MAX : n)));
}

uint64_t
status_get_count(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 && (uint64_t)n <= COUNT_MAX ? (uint64_t)n : 0;
}

json_t *
status_record_json(const struct status_record *r)
{
	json_t *o = json_object();
	char text[DIGEST_TEXT_MAX];

	json_object_set_new(o, "image", json_string(r->image));
	/* A full reference begins with it. */
	json_object_set_new(o, "registry",
	    json_stringn(r->image, strcspn(r->image, "/")));
	if (r->has_digest)
		json_object_set_new(o, "digest",
		    json_string(digest_text(&r->digest, text)));
	if (r->is_verified)
		json_object_set_new(o, "verified", json_string(r->key));
	if (r->is_verified && r->key_id[0] != '\0')
		json_object_set_new(o, "key_id", json_string(r->key_id));
	json_object_set_new(o, "result", json_string(results[r->result]));
	status_set_time(o, "last_success", r->last_success);
	status_set_time(o, "last_listed", r->last_listed);
	status_set_count(o, "bytes", r->bytes);
	status_set_count(o, "objects", r->objects);
	status_set_count(o, "size", r->size);
	status_set_count(o, "duration_ms", (uint64_t)r->duration_ms);
	if (r->keep != KEEP_DEFAULT)
		status_set_count(o, "keep", r->keep);
	if (r->keep_for_s != 0)
		status_set_count(o, "keep_for_s", r->keep_for_s);
	if (r->result == STATUS_FAILED) {
		json_object_set_new(o, "reason",
		    json_string(reasons[r->reason]));
		if (r->error != NULL)
			json_object_set_new(o, "error",
			    json_string(r->error));
	}
	return o;
}

/* What a list could not say is not believed, and the more is kept. */
static void
read_keep(struct status_record *r, const json_t *o)
{
	uint64_t n;

	if (json_object_get(o, "keep") != NULL) {
		n = status_get_count(o, "keep");
		r->keep = n > KEEP_MAX ? KEEP_MAX : (unsigned)n;
	}
	n = status_get_count(o, "keep_for_s");
	r->keep_for_s = n > KEEP_FOR_MAX_S ? KEEP_FOR_MAX_S : (unsigned)n;
}

/* The file is the last run's, and may have been edited: what cannot be read in
 * it is unknown, and only a record without a name or a result is none. */
struct status_record *
status_record_read(const json_t *o)
{
	const char *image = json_string_value(json_object_get(o, "image"));
	const char *text = json_string_value(json_object_get(o, "result"));
	size_t result = find(results, STATUS_RESULTS, text);
	struct status_record *r;
	struct err ignored;

	if (image == NULL || image[0] == '\0' || result == STATUS_RESULTS)
		return NULL;
	r = status_record_new(image);
	r->result = (enum status_result)result;
	text = json_string_value(json_object_get(o, "digest"));
	if (text != NULL)
		r->has_digest = digest_parse(text, &r->digest, &ignored) == 0;
	text = json_string_value(json_object_get(o, "verified"));
	r->is_verified = text != NULL && text[0] != '\0' && r->has_digest;
	if (r->is_verified)
		take_key(r, text,
		    json_string_value(json_object_get(o, "key_id")));
	r->last_success = status_get_time(o, "last_success");
	r->last_listed = status_get_time(o, "last_listed");
	r->bytes = status_get_count(o, "bytes");
	r->objects = status_get_count(o, "objects");
	r->size = status_get_count(o, "size");
	r->duration_ms = (int64_t)status_get_count(o, "duration_ms");
	read_keep(r, o);
	if (r->result == STATUS_FAILED) {
		text = json_string_value(json_object_get(o, "reason"));
		result = find(reasons, STATUS_REASONS, text);
		if (result < STATUS_REASONS)
			r->reason = (enum err_code)result;
		text = json_string_value(json_object_get(o, "error"));
		if (text != NULL)
			status_record_set_error(r, text);
	}
	return r;
}
