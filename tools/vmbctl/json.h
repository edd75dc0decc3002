/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing JSON: values one after the other, commas and escapes added. */
#ifndef VMBCTL_JSON_H
#define VMBCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_MAX_DEPTH	16

/**
 * struct json - what is written, and where it is at
 * @file: to write to
 * @depth: objects and arrays that are open
 * @filled: of each of them: has something in it
 */
struct json {
	FILE *file;
	int depth;
	bool filled[JSON_MAX_DEPTH + 1];
};

/* @key is NULL in arrays and outside of all. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *text);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_double(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif /* VMBCTL_JSON_H */
