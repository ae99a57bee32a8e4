#include <string.h>

#include "layout/limits.h"
#include "report/status_line.h"

struct status_group *
status_line_group(struct status_groups *groups, const struct book_line *line)
{
	uint64_t id = line->is_earlier ? book_count(line, "group") : 0;

	return id == 0 || id > STATUS_GROUP_ID_MAX ? NULL :
	    status_groups_find(groups, (unsigned)id);
}

int64_t
status_line_success(struct status_groups *groups, const struct book_line *line)
{
	const struct status_group *group = status_line_group(groups, line);

	return group != NULL ? group->last_listed :
	    book_time(line, "last_success");
}

int64_t
status_line_listed(struct status_groups *groups, const struct book_line *line)
{
	const struct status_group *group = status_line_group(groups, line);

	return group != NULL ? group->last_listed :
	    book_time(line, "last_listed");
}

struct status_record *
status_line_read(struct status_groups *groups, const struct book_line *line)
{
	const struct status_group *group = status_line_group(groups, line);
	json_t *o = json_loads(line->text, 0, NULL);
	struct status_record *r;

	if (json_object_get(o, "result") == NULL && json_is_object(o))
		json_object_set_new(o, "result", json_string(
		    status_result_name(group == NULL ? STATUS_NOT_REACHED :
		    group->result)));
	r = status_record_read(o);
	json_decref(o);
	if (r != NULL && group != NULL)
		r->last_listed = r->last_success = group->last_listed;
	return r;
}

static bool
is_text(const struct book_line *line, const char *key, const char *want)
{
	size_t len;
	const char *text = book_text(line, key, &len);

	return text != NULL && strlen(want) == len &&
	    memcmp(text, want, len) == 0;
}

static bool
is_verified_so(const struct book_line *line, const struct status_record *r)
{
	size_t len;

	if (!r->is_verified)
		return book_text(line, "verified", &len) == NULL;
	return is_text(line, "verified", r->key) &&
	    (r->key_id[0] == '\0' || is_text(line, "key_id", r->key_id));
}

bool
status_line_holds(const struct book_line *line, const struct status_record *r)
{
	char text[DIGEST_TEXT_MAX];

	return r->result == STATUS_UNCHANGED && r->has_digest &&
	    is_verified_so(line, r) &&
	    is_text(line, "digest", digest_text(&r->digest, text)) &&
	    book_count(line, "size") == r->size &&
	    book_count_or(line, "keep", KEEP_DEFAULT) == r->keep &&
	    book_count(line, "keep_for_s") == r->keep_for_s;
}
