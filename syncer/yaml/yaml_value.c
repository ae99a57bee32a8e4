/* What a small YAML file says, whatever it looks like: to tell whether two say
 * the same, and what one of them would say with something more. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "yaml/yaml_load.h"
#include "yaml/yaml_value.h"

/* --- reading ----------------------------------------------------------- */

struct first {
	json_t *value;
	char *twice;
	unsigned line;
};

/* Aliases share what they stand for; here each has its own. */
static void
on_value(void *cookie, const json_t *value)
{
	struct first *f = cookie;

	if (f->value == NULL)
		f->value = json_deep_copy(value);
}

static void
on_twice(void *cookie, const char *key, unsigned line)
{
	struct first *f = cookie;

	if (f->twice != NULL)
		return;
	f->twice = xstrdup(key);
	f->line = line;
}

int
yaml_value_load(const char *text, json_t **ret, unsigned *ret_line,
    struct err *e)
{
	struct first f = { .value = NULL };
	struct yaml_calls calls = {
		.value = on_value, .twice = on_twice, .cookie = &f
	};
	int rc = yaml_each(text, strlen(text), &calls, ret_line, e);

	if (rc == 0 && f.twice != NULL) {
		*ret_line = f.line;
		rc = err_set(e, ERR_DATA, "\"%.100s\" stands twice", f.twice);
	}
	free(f.twice);
	if (rc == -1) {
		json_decref(f.value);
		return -1;
	}
	*ret = f.value != NULL ? f.value : json_null();
	return 0;
}

/* --- comparing --------------------------------------------------------- */

static bool
is_nothing(const json_t *value)
{
	return value == NULL || json_is_null(value) ||
	    (json_is_object(value) && json_object_size(value) == 0) ||
	    (json_is_array(value) && json_array_size(value) == 0);
}

/* Members of ${a} that ${b} has not in the same way. */
static bool
has_more(json_t *a, const json_t *b)
{
	const char *key;
	json_t *member;

	json_object_foreach(a, key, member) {
		if (!yaml_value_same(member, json_object_get(b, key)))
			return true;
	}
	return false;
}

/* Something with nothing but nothing in it is nothing as well. */
bool
yaml_value_same(const json_t *a, const json_t *b)
{
	json_t *x = (json_t *)(uintptr_t)a, *y = (json_t *)(uintptr_t)b;
	size_t i;

	if (is_nothing(a) && is_nothing(b))
		return true;
	if ((json_is_object(a) || is_nothing(a)) &&
	    (json_is_object(b) || is_nothing(b)))
		return !has_more(x, b) && !has_more(y, a);
	if (is_nothing(a) || is_nothing(b))
		return false;
	if (json_is_string(a) && json_is_string(b))
		return strcmp(json_string_value(a), json_string_value(b)) == 0;
	if (!json_is_array(a) || !json_is_array(b) ||
	    json_array_size(a) != json_array_size(b))
		return false;
	for (i = 0; i < json_array_size(a); i++)
		if (!yaml_value_same(json_array_get(a, i),
		    json_array_get(b, i)))
			return false;
	return true;
}

/* --- texts in it ------------------------------------------------------- */

struct leaves {
	struct yaml_leaf *list;
	size_t count;
	struct yaml_leaf at;
};

static void
add_leaf(struct leaves *l, const json_t *text, bool is_item)
{
	if (!json_is_string(text))
		return;
	l->list = xreallocarray(l->list, l->count + 1, sizeof(*l->list));
	l->list[l->count] = l->at;
	l->list[l->count].value = json_string_value(text);
	l->list[l->count++].is_item = is_item;
}

static void
gather(struct leaves *l, json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_object(value) && l->at.count < YAML_LEAF_DEPTH) {
		json_object_foreach(value, key, member) {
			l->at.keys[l->at.count++] = key;
			gather(l, member);
			l->at.count--;
		}
	}
	for (i = json_array_size(value); i-- > 0;)
		add_leaf(l, json_array_get(value, i), true);
	add_leaf(l, value, false);
}

size_t
yaml_leaves(json_t *value, struct yaml_leaf **ret)
{
	struct leaves l = { .list = NULL };

	gather(&l, value);
	*ret = l.list;
	return l.count;
}

/* What the keys lead to, the last ${rest} left out. */
static json_t *
walk(const json_t *value, const struct yaml_leaf *leaf, size_t rest)
{
	json_t *at = (json_t *)(uintptr_t)value;
	size_t i;

	for (i = 0; i + rest < leaf->count; i++)
		at = json_object_get(at, leaf->keys[i]);
	return at;
}

static size_t
find_item(const json_t *list, const char *value)
{
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		text = json_string_value(json_array_get(list, i));
		if (text != NULL && strcmp(text, value) == 0)
			break;
	}
	return i;
}

bool
yaml_leaf_is(const json_t *value, const struct yaml_leaf *leaf)
{
	const json_t *at = walk(value, leaf, 0);

	if (leaf->is_item)
		return find_item(at, leaf->value) < json_array_size(at);
	return json_is_string(at) &&
	    strcmp(json_string_value(at), leaf->value) == 0;
}

void
yaml_leaf_put(json_t *value, const struct yaml_leaf *leaf)
{
	json_t *at = value, *next;
	size_t i;

	if (yaml_leaf_is(value, leaf))
		return;
	for (i = 0; i < leaf->count && json_is_object(at); i++) {
		next = json_object_get(at, leaf->keys[i]);
		if (i + 1 == leaf->count && !leaf->is_item) {
			next = json_string(leaf->value);
			json_object_set_new(at, leaf->keys[i], next);
		} else if (next == NULL || json_is_null(next)) {
			next = i + 1 == leaf->count ? json_array() :
			    json_object();
			json_object_set_new(at, leaf->keys[i], next);
		}
		at = next;
	}
	if (i == leaf->count && leaf->is_item)
		json_array_insert_new(at, 0, json_string(leaf->value));
}

void
yaml_leaf_take(json_t *value, const struct yaml_leaf *leaf)
{
	json_t *list = walk(value, leaf, 0);

	assert(leaf->count > 0);
	if (!yaml_leaf_is(value, leaf))
		return;
	if (leaf->is_item)
		json_array_remove(list, find_item(list, leaf->value));
	else
		json_object_del(walk(value, leaf, 1),
		    leaf->keys[leaf->count - 1]);
}

/* --- writing ----------------------------------------------------------- */

struct print {
	char *text;
	size_t depth;
	bool is_secret;
};

static void
put(struct print *p, const char *more)
{
	char *longer = xasprintf("%s%s", p->text, more);

	free(p->text);
	p->text = longer;
}

static void
new_line(struct print *p)
{
	size_t i;

	put(p, "\n");
	for (i = 0; i < p->depth; i++)
		put(p, "  ");
}

/* What k3s wants to be a boolean is no text; JSON's strings are YAML. */
static void
put_text(struct print *p, const char *text, bool is_key)
{
	json_t *plain;
	char *quoted;

	if (!is_key && (strcmp(text, "true") == 0 ||
	    strcmp(text, "false") == 0)) {
		put(p, text);
		return;
	}
	plain = json_string(!is_key && p->is_secret ? "***" : text);
	quoted = json_dumps(plain, JSON_ENCODE_ANY);
	put(p, quoted != NULL ? quoted : "\"\"");
	free(quoted);
	json_decref(plain);
}

static void
put_value(struct print *p, const json_t *value)
{
	json_t *v = (json_t *)(uintptr_t)value, *member;
	bool was_secret = p->is_secret;
	const char *key;
	size_t i;

	if (json_is_string(value) || is_nothing(value))
		put(p, " ");
	if (json_is_string(value))
		put_text(p, json_string_value(value), false);
	else if (is_nothing(value))
		put(p, json_is_array(value) ? "[]" : "{}");
	p->depth++;
	json_object_foreach(v, key, member) {
		new_line(p);
		put_text(p, key, true);
		put(p, ":");
		p->is_secret = was_secret || strcmp(key, "auth") == 0;
		put_value(p, member);
		p->is_secret = was_secret;
	}
	for (i = 0; i < json_array_size(value); i++) {
		new_line(p);
		put(p, "-");
		put_value(p, json_array_get(value, i));
	}
	p->depth--;
}

/* The first line is at depth 0, and its end is the text's first byte. */
char *
yaml_value_text(const json_t *value)
{
	struct print p = { .text = xstrdup("") };
	const char *text;
	char *ret;

	p.depth = (size_t)-1;
	put_value(&p, value);
	text = p.text[0] == '\n' ? p.text + 1 : p.text;
	ret = xasprintf("%s\n", text);
	free(p.text);
	return ret;
}
