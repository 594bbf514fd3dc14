/*
 * Fanfold tasks in C and C++. One header, C99 or C++11, POSIX threads; no other library.
 *
 *     #define FANFOLD_IMPLEMENTATION   // in one file
 *     #include "fanfold.h"
 *
 *     static int resize(fanfold_task *task) {
 *         double width;
 *         if (!fanfold_get_number(fanfold_input(task), "width", &width))
 *             return fanfold_fail(task, "InputError", "no width");
 *         fanfold_progress(task, "resizing", 0.5);
 *         return fanfold_output(task, "{\"width\":%g}", width);
 *     }
 *
 *     int main(int argc, char **argv) {
 *         static const fanfold_function functions[] = {{"resize", resize}, {0, 0}};
 *         return fanfold_main(argc, argv, functions);
 *     }
 *
 * The program that this makes is both: run as `worker resize` it is a program of its own, that reads its input, runs the
 * function once and ends; as `function: bin/worker#resize` in a workflow it stays, and is called again and again, some
 * ten thousand times a second.
 */
#ifndef FANFOLD_H
#define FANFOLD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One attempt at a task. Pointers that are got from it live until the function returns. */
typedef struct fanfold_task fanfold_task;

/* What a program can do, by the name that workflows know it by. `call` gives 0, or what fanfold_fail gives. In C++ it may
 * throw: the exception's type is the name of the failure, its what() the message. */
typedef struct fanfold_function {
    const char *name;
    int (*call)(fanfold_task *task);
} fanfold_function;

/*
 * Makes this program serve the functions, of which the last has no name. Gives what main is to return.
 *
 * Started by a workflow's `function: worker#name` it serves calls. Else it runs the function that its first argument
 * names (or the only one) once: the input is the file TASK_INPUT, or stdin; the output goes into the file TASK_OUTPUT, or
 * to stdout. It gives 1 when the function fails, 2 when there is no such function.
 */
int fanfold_main(int argc, char **argv, const fanfold_function *functions);

/* Which attempt this is. Attempts count from 1 and never fall. */
const char *fanfold_run(fanfold_task *task);
const char *fanfold_workflow(fanfold_task *task);
const char *fanfold_id(fanfold_task *task);
int fanfold_attempt(fanfold_task *task);

/* ---- input and output, as JSON in UTF-8 ---- */

/* The input. */
const char *fanfold_input(fanfold_task *task);

/* The value at a path ("width", "sizes.0.width") within a JSON text, or NULL. What follows the value in the text is not
 * part of it. "" is the text itself. */
const char *fanfold_at(const char *json, const char *path);
/* 1, and the value; 0 where there is none at the path, or one of another type. */
int fanfold_get_number(const char *json, const char *path, double *value);
int fanfold_get_bool(const char *json, const char *path, int *value);
/* The text at a path, in UTF-8 and ended by a zero, or NULL. Its length is in bytes, and needed where it may hold zeros. */
char *fanfold_get_text(fanfold_task *task, const char *json, const char *path, size_t *length);
/* A JSON text of one value alone, as of what fanfold_at gives. */
char *fanfold_copy(fanfold_task *task, const char *json);

/* Gives the output: a JSON text as of printf, at most 16 MB. The last one counts; without one it is null. Gives 0. */
int fanfold_output(fanfold_task *task, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
/* The same, of a text as it is. */
int fanfold_output_text(fanfold_task *task, const char *json);
/* A text in UTF-8 as a JSON string, with its quotes. */
char *fanfold_quote(fanfold_task *task, const char *text, size_t length);

/* Says how it failed: a name, for `retry: {on: [{error: NAME}]}` in workflows, and a message. Gives -1. */
int fanfold_fail(fanfold_task *task, const char *name, const char *message);

/* Memory that is freed when the function has returned. */
void *fanfold_alloc(fanfold_task *task, size_t size);

/* ---- while it runs ---- */

/* I am alive. It matters where the task has a `heartbeat-timeout`. */
void fanfold_beat(fanfold_task *task);
/* Where the task is: people see "at `step` since 14:03". `part`: how much of all is done, 0 to 1; below 0, not said. */
void fanfold_progress(fanfold_task *task, const char *step, double part);
/* A line of the attempt's log. What is printed to stdout and stderr goes there too; of functions that run side by side only
 * this tells them apart. */
void fanfold_log(fanfold_task *task, const char *line);
/* Asks for a sub-task: its key (the same key from a later attempt is the same sub-task), its input and what it does (as in the
 * canonical form of a workflow), both JSON; each may be NULL. Detached: this task does not wait for it. */
void fanfold_spawn(fanfold_task *task, const char *key, const char *with, const char *run, int detached);
/* 1 once the attempt is to stop, because it was cancelled or its time is over. What has not returned some time after that
 * (`grace`, 5 s where the workflow says nothing) is killed. */
int fanfold_cancelled(fanfold_task *task);
/* Sleeps for so many milliseconds, or until the attempt is to stop; then it gives 1. */
int fanfold_sleep(fanfold_task *task, long ms);
/*
 * Runs `effect` unless an attempt at this task has already run it to its end under this key: then it gives what was given
 * there. So what a second attempt, or a message that came twice, would do again is done once. When the process dies
 * between the effect and the note of it, it runs again in the next attempt. `effect` gives JSON of at most 64 KB, or NULL
 * after fanfold_fail; so does this.
 */
const char *fanfold_once(fanfold_task *task, const char *key, const char *(*effect)(fanfold_task *task, void *with),
                         void *with);

#ifdef __cplusplus
}
#endif
#endif /* FANFOLD_H */

#ifdef FANFOLD_IMPLEMENTATION
#undef FANFOLD_IMPLEMENTATION

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#if defined(__cplusplus) && defined(__cpp_exceptions)
#include <cxxabi.h>
#include <exception>
#include <new>
#include <typeinfo>
#endif

enum { FF_IN = 3, FF_OUT = 4, FF_CONTROL = 3 };

/* A text that grows. */
typedef struct ff_text {
    char *at;
    size_t length, room;
} ff_text;

static void ff_no_memory(size_t size) {
    fprintf(stderr, "memory allocation of %zu bytes failed\n", size);
    abort();
}

static void *ff_get(void *before, size_t size) {
    void *got = realloc(before, size ? size : 1);
    if (!got) ff_no_memory(size);
    return got;
}

static void ff_add(ff_text *text, const char *bytes, size_t length) {
    if (text->length + length + 1 > text->room) {
        text->room = (text->length + length + 1) * 2;
        text->at = (char *)ff_get(text->at, text->room);
    }
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
    text->at[text->length] = 0;
}

static void ff_put(ff_text *text, const char *bytes) { ff_add(text, bytes, strlen(bytes)); }

/* Of a user: on one line. In JSON a line end is a blank, but in a text, where there is none. */
static void ff_put_json(ff_text *text, const char *json) {
    size_t from = text->length;
    char *end;
    ff_put(text, json);
    while ((end = (char *)memchr(text->at + from, '\n', text->length - from))) *end = ' ';
}

static void ff_printf(ff_text *text, const char *format, ...) {
    char small[128];
    va_list values;
    va_start(values, format);
    vsnprintf(small, sizeof small, format, values);
    va_end(values);
    ff_put(text, small);
}

/* How many bytes the character has that begins here; 0 where none does. */
static size_t ff_character(const unsigned char *p, size_t left) {
    size_t length = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2, i;
    if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4 || length > left) return 0;
    for (i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f)) return 0;
    return (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f) ? 0 : length;
}

/* What is no UTF-8 becomes U+FFFD. */
static void ff_put_quoted(ff_text *text, const char *bytes, size_t length) {
    size_t from = 0, i = 0;
    ff_add(text, "\"", 1);
    while (i < length) {
        unsigned char c = (unsigned char)bytes[i];
        size_t whole = ff_character((const unsigned char *)bytes + i, length - i);
        if (whole > 0 && c >= 32 && c != '"' && c != '\\') {
            i += whole;
            continue;
        }
        ff_add(text, bytes + from, i - from);
        from = ++i;
        if (whole == 0) ff_put(text, "\\ufffd");
        else if (c < 32) ff_printf(text, "\\u%04x", c);
        else ff_printf(text, "\\%c", c);
    }
    ff_add(text, bytes + from, length - from);
    ff_add(text, "\"", 1);
}

/* ---- reading JSON ---- */

static const char *ff_blank(const char *p) {
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') p++;
    return p;
}

static const char *ff_after_string(const char *p) {
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1]) p++;
    return *p ? p + 1 : p;
}

/* Behind the value that begins here. */
static const char *ff_after(const char *p) {
    int depth = 0;
    p = ff_blank(p);
    do {
        if (*p == '"') p = ff_after_string(p);
        else if (*p == '{' || *p == '[') depth++, p++;
        else if (*p == '}' || *p == ']') depth--, p++;
        else if (depth > 0 && *p) p++;
        else
            while (*p && !strchr(",]} \t\r\n", *p)) p++;
    } while (depth > 0 && *p);
    return p;
}

static int ff_is_key(const char *p, const char *name, size_t length) {
    const char *end = ff_after_string(p);
    return (size_t)(end - p) == length + 2 && memcmp(p + 1, name, length) == 0;
}

static const char *ff_member(const char *p, const char *name, size_t length) {
    int list = *p == '[';
    long left = list ? strtol(name, NULL, 10) : -1;
    if (*p != '{' && *p != '[') return NULL;
    for (p = ff_blank(p + 1); *p && *p != '}' && *p != ']'; p = ff_blank(p)) {
        int found = list ? left-- == 0 : ff_is_key(p, name, length);
        if (!list) p = ff_blank(ff_after_string(p)) + 1;
        p = ff_blank(p);
        if (found) return p;
        p = ff_blank(ff_after(p));
        if (*p == ',') p++;
    }
    return NULL;
}

const char *fanfold_at(const char *json, const char *path) {
    const char *p = ff_blank(json);
    while (p && *path) {
        size_t length = strcspn(path, ".");
        p = ff_member(p, path, length);
        path += length + (path[length] == '.');
    }
    return p;
}

int fanfold_get_number(const char *json, const char *path, double *value) {
    const char *p = fanfold_at(json, path);
    char *end;
    if (!p || !strchr("-0123456789", *p)) return 0;
    *value = strtod(p, &end);
    return end != p;
}

int fanfold_get_bool(const char *json, const char *path, int *value) {
    const char *p = fanfold_at(json, path);
    if (!p || (*p != 't' && *p != 'f')) return 0;
    *value = *p == 't';
    return 1;
}

static unsigned ff_hex4(const char *p) {
    char digits[5] = {0};
    strncpy(digits, p, 4);
    return (unsigned)strtoul(digits, NULL, 16);
}

static void ff_put_code(ff_text *text, unsigned code) {
    char b[4];
    if (code < 0x80) {
        b[0] = (char)code;
        ff_add(text, b, 1);
    } else if (code < 0x800) {
        b[0] = (char)(0xc0 | code >> 6), b[1] = (char)(0x80 | (code & 63));
        ff_add(text, b, 2);
    } else if (code < 0x10000) {
        b[0] = (char)(0xe0 | code >> 12), b[1] = (char)(0x80 | (code >> 6 & 63)), b[2] = (char)(0x80 | (code & 63));
        ff_add(text, b, 3);
    } else {
        b[0] = (char)(0xf0 | code >> 18), b[1] = (char)(0x80 | (code >> 12 & 63));
        b[2] = (char)(0x80 | (code >> 6 & 63)), b[3] = (char)(0x80 | (code & 63));
        ff_add(text, b, 4);
    }
}

/* What a string holds that begins at p; a surrogate alone is U+FFFD. */
static ff_text ff_decoded(const char *p) {
    ff_text text = {0, 0, 0};
    static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char *end = ff_after_string(p) - 1;
    ff_put(&text, "");
    for (p++; p < end; p++) {
        const char *next = (const char *)memchr(p, '\\', (size_t)(end - p));
        ff_add(&text, p, (size_t)((next ? next : end) - p));
        if (!next || next + 1 >= end) break;
        p = next + 1;
        if (*p == 'u') {
            unsigned code = ff_hex4(p + 1), low;
            p += 4;
            if (code >= 0xd800 && code < 0xdc00 && p[1] == '\\' && p[2] == 'u' &&
                (low = ff_hex4(p + 3)) >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                p += 6;
            }
            ff_put_code(&text, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
        } else {
            const char *known = strchr(names, *p);
            ff_add(&text, known ? bytes + (known - names) : p, 1);
        }
    }
    return text;
}

/* ---- a task ---- */

typedef struct ff_owned {
    struct ff_owned *next;
} ff_owned;

struct fanfold_task {
    struct fanfold_task *next;
    const fanfold_function *function;
    const char *missing;
    long long id;
    char *memory; /* that the texts below lie in */
    const char *input;
    char *run, *workflow, *name;
    int attempt, stopped, failed;
    ff_text output;
    char *fail_name, *fail_message;
    const char *fail_reason;
    ff_owned *owned;
    unsigned asked;
    char *answer;
};

static struct {
    pthread_mutex_t lock, out;
    pthread_cond_t arrived, told;
    fanfold_task *first, **last, *running;
    const fanfold_function *functions;
    struct {
        char *name;
        const fanfold_function *function;
    } *defined;
    size_t definitions;
    int warm, in_task, concurrency, term[2];
    pthread_mutex_t print;
    ff_text open[2];
    int printed[2];
    long long printer;
    long long output_max, short_us, cpu_us;
    time_t memory_at;
} ff;

static void ff_write(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return; /* who listened is gone */
        bytes += written;
        length -= (size_t)written;
    }
}

static void ff_send(ff_text *text) {
    pthread_mutex_lock(&ff.out);
    ff_write(ff.warm ? FF_OUT : FF_CONTROL, text->at, text->length);
    pthread_mutex_unlock(&ff.out);
    free(text->at);
}

static long long ff_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* Begins a message as on the control channel; to be ended by ff_said. */
static ff_text ff_saying(fanfold_task *task) {
    ff_text text = {0, 0, 0};
    if (ff.warm) ff_printf(&text, "[\"say\",%lld,%lld,", task->id, ff_us(CLOCK_REALTIME) / 1000);
    return text;
}

static void ff_said(ff_text *text) {
    if (!ff.warm && !ff.in_task) {
        free(text->at);
        return;
    }
    ff_put(text, ff.warm ? "]\n" : "\n");
    ff_send(text);
}

void fanfold_beat(fanfold_task *task) {
    ff_text text = ff_saying(task);
    ff_put(&text, "{\"beat\":{}}");
    ff_said(&text);
}

void fanfold_progress(fanfold_task *task, const char *step, double part) {
    ff_text text = ff_saying(task);
    ff_put(&text, "{\"step\":");
    ff_put_quoted(&text, step, strlen(step));
    if (part >= 0) ff_printf(&text, ",\"progress\":%.9g", part);
    ff_put(&text, "}");
    ff_said(&text);
}

void fanfold_log(fanfold_task *task, const char *line) {
    ff_text text = ff_saying(task);
    ff_put(&text, "{\"log\":");
    ff_put_quoted(&text, line, strlen(line));
    ff_put(&text, "}");
    ff_said(&text);
}

void fanfold_spawn(fanfold_task *task, const char *key, const char *with, const char *run, int detached) {
    ff_text text = ff_saying(task);
    ff_put(&text, "{\"spawn\":{");
    ff_put(&text, detached ? "\"detached\":true" : "\"detached\":false");
    if (key) {
        ff_put(&text, ",\"key\":");
        ff_put_quoted(&text, key, strlen(key));
    }
    if (with) ff_put(&text, ",\"with\":"), ff_put_json(&text, with);
    if (run) ff_put(&text, ",\"run\":"), ff_put_json(&text, run);
    ff_put(&text, "}}");
    ff_said(&text);
}

int fanfold_sleep(fanfold_task *task, long ms) {
    struct timespec end;
    int stopped;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += (ms % 1000) * 1000000;
    end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&ff.lock);
    while (!task->stopped && ms > 0 && pthread_cond_timedwait(&ff.told, &ff.lock, &end) != ETIMEDOUT) continue;
    stopped = task->stopped;
    pthread_mutex_unlock(&ff.lock);
    return stopped;
}

int fanfold_cancelled(fanfold_task *task) { return fanfold_sleep(task, 0); }

const char *fanfold_run(fanfold_task *task) { return task->run; }
const char *fanfold_workflow(fanfold_task *task) { return task->workflow; }
const char *fanfold_id(fanfold_task *task) { return task->name; }
int fanfold_attempt(fanfold_task *task) { return task->attempt; }
const char *fanfold_input(fanfold_task *task) { return task->input; }

void *fanfold_alloc(fanfold_task *task, size_t size) {
    ff_owned *owned = (ff_owned *)ff_get(NULL, sizeof(ff_owned) + size);
    owned->next = task->owned;
    task->owned = owned;
    return owned + 1;
}

static char *ff_kept(fanfold_task *task, ff_text *text) {
    char *copy = (char *)fanfold_alloc(task, text->length + 1);
    memcpy(copy, text->at, text->length + 1);
    free(text->at);
    return copy;
}

char *fanfold_copy(fanfold_task *task, const char *json) {
    ff_text text = {0, 0, 0};
    ff_add(&text, json, (size_t)(ff_after(json) - json));
    return ff_kept(task, &text);
}

char *fanfold_get_text(fanfold_task *task, const char *json, const char *path, size_t *length) {
    const char *p = fanfold_at(json, path);
    ff_text text;
    if (!p || *p != '"') return NULL;
    text = ff_decoded(p);
    if (length) *length = text.length;
    return ff_kept(task, &text);
}

char *fanfold_quote(fanfold_task *task, const char *bytes, size_t length) {
    ff_text text = {0, 0, 0};
    ff_put_quoted(&text, bytes, length);
    return ff_kept(task, &text);
}

int fanfold_output_text(fanfold_task *task, const char *json) {
    task->output.length = 0;
    ff_put_json(&task->output, json);
    return 0;
}

int fanfold_output(fanfold_task *task, const char *format, ...) {
    va_list values;
    int length;
    char *text;
    va_start(values, format);
    length = vsnprintf(NULL, 0, format, values);
    va_end(values);
    text = (char *)ff_get(NULL, (size_t)length + 1);
    va_start(values, format);
    vsnprintf(text, (size_t)length + 1, format, values);
    va_end(values);
    fanfold_output_text(task, text);
    free(text);
    return 0;
}

static char *ff_cut(const char *text, size_t most) {
    size_t length = strlen(text);
    char *copy;
    if (length > most) length = most;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
    copy = (char *)ff_get(NULL, length + 1);
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

static int ff_fail(fanfold_task *task, const char *reason, const char *name, const char *message) {
    free(task->fail_name);
    free(task->fail_message);
    task->fail_reason = reason;
    task->fail_name = ff_cut(name, 200);
    task->fail_message = ff_cut(message, 2000);
    task->failed = 1;
    return -1;
}

int fanfold_fail(fanfold_task *task, const char *name, const char *message) {
    return ff_fail(task, "error", name, message);
}

static void ff_forget(fanfold_task *task) {
    while (task->owned) {
        ff_owned *next = task->owned->next;
        free(task->owned);
        task->owned = next;
    }
    free(task->output.at);
    free(task->fail_name);
    free(task->fail_message);
    free(task->run);
    free(task->workflow);
    free(task->name);
    free(task->memory);
    free(task->answer);
    free(task);
}

/* ---- a call ---- */

static void ff_called(fanfold_task *task) {
    if (task->function->call(task) != 0 && !task->failed)
        ff_fail(task, "error", "Error", "the function failed, and did not say why");
}

#if defined(__cplusplus) && defined(__cpp_exceptions)
static void ff_threw(fanfold_task *task, const char *reason, const char *type, const char *message) {
    int status;
    char *name = abi::__cxa_demangle(type, NULL, NULL, &status);
    ff_fail(task, reason, name ? name : type, message);
    free(name);
}

static void ff_call(fanfold_task *task) {
    try {
        ff_called(task);
    } catch (const std::bad_alloc &error) {
        ff_threw(task, "memory", typeid(error).name(), error.what());
    } catch (const std::exception &error) {
        ff_threw(task, "error", typeid(error).name(), error.what());
    } catch (...) {
        const std::type_info *type = abi::__cxa_current_exception_type();
        ff_threw(task, "error", type ? type->name() : "unknown", "an exception that is no std::exception");
    }
}
#else
static void ff_call(fanfold_task *task) { ff_called(task); }
#endif

static const fanfold_function *ff_find(const char *name) {
    const fanfold_function *function = ff.functions;
    while (function->name && strcmp(function->name, name) != 0) function++;
    return function->name ? function : NULL;
}

/* ---- once ---- */

/* Waits for the answer: a message in a warm process, else a file. NULL once the attempt is to stop. */
static char *ff_ask(fanfold_task *task, ff_text *text) {
    char path[4096];
    const char *folder = getenv("TASK_ANSWERS");
    long pause = 1;
    snprintf(path, sizeof path, "%s/%u.json", folder ? folder : "", task->asked);
    ff_said(text);
    for (;; pause = pause < 50 ? pause * 2 : 50) {
        char *answer = NULL;
        if (ff.warm) {
            pthread_mutex_lock(&ff.lock);
            while (!task->answer && !task->stopped) pthread_cond_wait(&ff.told, &ff.lock);
            answer = task->answer;
            task->answer = NULL;
            pthread_mutex_unlock(&ff.lock);
            return answer;
        } else {
            FILE *file = fopen(path, "rb");
            ff_text read = {0, 0, 0};
            char chunk[4096];
            size_t length;
            if (file) {
                ff_put(&read, "");
                while ((length = fread(chunk, 1, sizeof chunk, file)) > 0) ff_add(&read, chunk, length);
                fclose(file);
                return read.at;
            }
        }
        if (fanfold_sleep(task, pause)) return NULL;
    }
}

/* NULL after a failure. */
static char *ff_ask_once(fanfold_task *task, const char *key, const char *value) {
    ff_text text = ff_saying(task);
    char *told, *error;
    if (!ff.warm && !getenv("TASK_ANSWERS")) {
        free(text.at);
        fanfold_fail(task, "OnceError", "only within a task: it needs somebody to remember");
        return NULL;
    }
    ff_put(&text, "{\"once\":{\"key\":");
    ff_put_quoted(&text, key, strlen(key));
    if (value) ff_put(&text, ",\"value\":"), ff_put_json(&text, value);
    ff_printf(&text, "},\"ask\":%u}", ++task->asked);
    told = ff_ask(task, &text);
    if (!told) {
        fanfold_fail(task, "Cancelled", "the attempt was cancelled");
        return NULL;
    }
    error = fanfold_get_text(task, told, "error", NULL);
    if (!error) return told;
    fanfold_fail(task, "OnceError", error);
    free(told);
    return NULL;
}

const char *fanfold_once(fanfold_task *task, const char *key, const char *(*effect)(fanfold_task *, void *), void *with) {
    const char *value;
    char *told;
    for (;;) {
        double wait = 0;
        int mine = 0;
        if (!(told = ff_ask_once(task, key, NULL))) return NULL;
        fanfold_get_bool(told, "mine", &mine);
        if (mine) break;
        if (!fanfold_get_number(told, "wait", &wait)) {
            value = fanfold_at(told, "value");
            value = fanfold_copy(task, value ? value : "null");
            free(told);
            return value;
        }
        free(told);
        fanfold_sleep(task, (long)wait);
    }
    free(told);
    if (!(value = effect(task, with)) || !(told = ff_ask_once(task, key, value))) return NULL;
    if (fanfold_at(told, "value")) value = fanfold_copy(task, fanfold_at(told, "value"));
    free(told);
    return value;
}

/* ---- the warm process; see ../PROTOCOL.md ---- */

/* ---- what is printed: read by the process itself, so that each line is of the call that printed it ---- */

static void ff_send_lines(int stream, const char *from, const char *end) {
    ff_text text = {0, 0, 0};
    ff_printf(&text, "[\"log\",%lld,%lld,%d,[", ff.printer, ff_us(CLOCK_REALTIME) / 1000, stream);
    while (from < end) {
        const char *line_end = (const char *)memchr(from, '\n', (size_t)(end - from));
        if (!line_end) line_end = end;
        ff_put_quoted(&text, from, (size_t)(line_end - from));
        from = line_end + 1;
        if (from < end) ff_put(&text, ",");
    }
    ff_put(&text, "]]\n");
    ff_send(&text);
}

/* Sends the whole lines of what came, and of a call that is over, the rest too. Called with the lock `print`. */
static void ff_tell_printed(int stream, int over) {
    ff_text *open = &ff.open[stream];
    size_t whole = open->length;
    while (!over && whole > 0 && open->at[whole - 1] != '\n') whole--;
    if (whole == 0 && open->length > 64000) whole = open->length;
    if (whole == 0) return;
    ff_send_lines(stream, open->at, open->at + whole);
    memmove(open->at, open->at + whole, open->length - whole);
    open->length -= whole;
}

/* Called with the lock `print`. */
static void ff_read_printed(int over) {
    char chunk[16384];
    int stream;
    for (stream = 0; stream < 2; stream++) {
        ssize_t length;
        while ((length = read(ff.printed[stream], chunk, sizeof chunk)) > 0) {
            ff_add(&ff.open[stream], chunk, (size_t)length);
            ff_tell_printed(stream, 0);
        }
        if (over) ff_tell_printed(stream, 1);
    }
}

static void *ff_watch_printed(void *unused) {
    struct pollfd pipes[2] = {{ff.printed[0], POLLIN, 0}, {ff.printed[1], POLLIN, 0}};
    (void)unused;
    for (;;) {
        if (poll(pipes, 2, -1) < 0) continue;
        usleep(5000); /* the last words of a crash are left to the executor, which finds them in the pipe */
        pthread_mutex_lock(&ff.print);
        if (ff.printer >= 0) ff_read_printed(0);
        pthread_mutex_unlock(&ff.print);
    }
    return NULL;
}

/* From now on this call, or none (-1), is who prints; what was printed before is told. */
static void ff_print_for(long long id) {
    if (id < 0) fflush(stdout);
    pthread_mutex_lock(&ff.print);
    if (ff.printer >= 0) ff_read_printed(1);
    ff.printer = id;
    pthread_mutex_unlock(&ff.print);
}

/* Stdout and stderr become pipes that this process reads. */
static int ff_catch_printed(void) {
    int stream;
    pthread_t thread;
    for (stream = 0; stream < 2; stream++) {
        int ends[2];
        if (pipe(ends) != 0 || dup2(ends[1], stream + 1) < 0) return -1;
        close(ends[1]);
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        ff.printed[stream] = ends[0];
    }
    ff.printer = -1;
    if (pthread_create(&thread, NULL, ff_watch_printed, NULL) != 0) return -1;
    pthread_detach(thread);
    return 0;
}

/* The most that was resident since the last look, in MB: now and then, and after long calls; else below 0. */
static double ff_memory(long long us) {
    time_t now = time(NULL);
    char status[8192];
    const char *peak;
    size_t length;
    FILE *file;
    if (us < 50000 && now - ff.memory_at < 2) return -1;
    ff.memory_at = now;
    if (!(file = fopen("/proc/self/status", "r"))) return -1;
    length = fread(status, 1, sizeof status - 1, file);
    fclose(file);
    status[length] = 0;
    if ((file = fopen("/proc/self/clear_refs", "w"))) {
        fputs("5", file);
        fclose(file);
    }
    peak = strstr(status, "VmHWM:");
    return peak ? strtod(peak + 6, NULL) / 1024 : -1;
}

/* A short call's processor time is its run time: asking the kernel would take longer than the call. */
static long long ff_cpu(long long us) {
    struct rusage usage;
    long long now, own;
    if (us < 1000) {
        ff.short_us += us;
        return us;
    }
    getrusage(RUSAGE_SELF, &usage);
    now = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    own = now - ff.cpu_us - ff.short_us;
    ff.cpu_us = now;
    ff.short_us = 0;
    return own > 0 ? own : 0;
}

static void ff_put_failure(ff_text *text, fanfold_task *task) {
    ff_put(text, "{\"reason\":\"");
    ff_put(text, task->fail_reason);
    ff_put(text, "\",\"name\":");
    ff_put_quoted(text, task->fail_name, strlen(task->fail_name));
    ff_put(text, ",\"message\":");
    ff_put_quoted(text, task->fail_message, strlen(task->fail_message));
    ff_put(text, "}");
}

/* Of calls that run side by side nobody knows which has printed: it is told of the one that has run the longest. */
static long long ff_oldest(void) {
    fanfold_task *task;
    long long id = -1;
    pthread_mutex_lock(&ff.lock);
    for (task = ff.running; task; task = task->next) id = task->id;
    pthread_mutex_unlock(&ff.lock);
    return id;
}

static void ff_end(fanfold_task *task, long long at, long long us) {
    ff_text text = {0, 0, 0};
    double memory;
    if (!task->failed && (long long)task->output.length > ff.output_max) {
        char message[128];
        snprintf(message, sizeof message, "the output has %zu bytes, more than %lld", task->output.length, ff.output_max);
        ff_fail(task, "output", "OutputError", message);
    }
    if (ff.concurrency == 1) ff_print_for(-1);
    else ff_print_for(ff_oldest());
    pthread_mutex_lock(&ff.lock);
    if ((memory = ff_memory(us)) >= 0) ff_printf(&text, "[\"memory\",%.1f]\n", memory);
    pthread_mutex_unlock(&ff.lock);
    ff_printf(&text, "[\"%s\",%lld,%lld,%lld,", task->failed ? "fail" : "done", task->id, at, us);
    if (task->failed) ff_put_failure(&text, task);
    else if (task->output.length > 0) ff_add(&text, task->output.at, task->output.length);
    else ff_put(&text, "null");
    if (ff.concurrency == 1) ff_printf(&text, ",%lld", ff_cpu(us));
    ff_put(&text, "]\n");
    ff_send(&text);
}

static void *ff_work(void *unused) {
    (void)unused;
    for (;;) {
        fanfold_task *task, **place;
        long long at, start;
        pthread_mutex_lock(&ff.lock);
        while (!ff.first) pthread_cond_wait(&ff.arrived, &ff.lock);
        task = ff.first;
        ff.first = task->next;
        if (!ff.first) ff.last = &ff.first;
        task->next = ff.running;
        ff.running = task;
        pthread_mutex_unlock(&ff.lock);
        if (ff.concurrency == 1 || ff.printer < 0) ff_print_for(task->id);
        at = ff_us(CLOCK_REALTIME) / 1000;
        start = ff_us(CLOCK_MONOTONIC);
        if (task->function) ff_call(task);
        else {
            char message[256];
            snprintf(message, sizeof message, "the program has no function %s", task->missing);
            ff_fail(task, "start", "StartError", message);
        }
        start = ff_us(CLOCK_MONOTONIC) - start;
        pthread_mutex_lock(&ff.lock);
        for (place = &ff.running; *place != task;) place = &(*place)->next;
        *place = task->next;
        pthread_mutex_unlock(&ff.lock);
        ff_end(task, at, start);
        ff_forget(task);
    }
    return NULL;
}

/* Where the n-th element is of the list that begins at p. */
static const char *ff_element(const char *p, int n) {
    for (p = ff_blank(ff_blank(p) + 1); n > 0; n--) p = ff_blank(ff_blank(ff_after(p)) + 1);
    return p;
}

/* A call: [id, input, run, task, attempt, workflow]. */
static fanfold_task *ff_new_call(const char *p, size_t definition) {
    fanfold_task *task = (fanfold_task *)ff_get(NULL, sizeof *task);
    const char *input = ff_element(p, 1), *after = ff_after(input), *run = ff_element(p, 2);
    const char *name = ff_blank(ff_blank(ff_after(run)) + 1), *attempt = ff_blank(ff_blank(ff_after(name)) + 1);
    size_t length = (size_t)(after - input);
    memset(task, 0, sizeof *task);
    task->id = strtoll(ff_element(p, 0), NULL, 10);
    task->memory = (char *)ff_get(NULL, length + 1);
    memcpy(task->memory, input, length);
    task->memory[length] = 0;
    task->input = task->memory;
    task->run = ff_decoded(run).at;
    task->name = ff_decoded(name).at;
    task->attempt = (int)strtol(attempt, NULL, 10);
    task->workflow = ff_decoded(ff_blank(ff_blank(ff_after(attempt)) + 1)).at;
    if (definition < ff.definitions) {
        task->function = ff.defined[definition].function;
        task->missing = ff.defined[definition].name;
    } else task->missing = "of an unknown definition";
    return task;
}

static void ff_take_calls(size_t definition, const char *list) {
    const char *p = ff_blank(list + 1);
    fanfold_task *first = NULL, **last = &first;
    while (*p == '[') {
        *last = ff_new_call(p, definition);
        last = &(*last)->next;
        p = ff_blank(ff_after(p));
        if (*p == ',') p = ff_blank(p + 1);
    }
    if (!first) return;
    pthread_mutex_lock(&ff.lock);
    *ff.last = first;
    ff.last = last;
    pthread_cond_broadcast(&ff.arrived);
    pthread_mutex_unlock(&ff.lock);
}

static void ff_define(size_t definition, const char *run) {
    const char *name = fanfold_at(run, "name");
    if (definition >= ff.definitions) {
        ff.defined = (__typeof__(ff.defined))ff_get(ff.defined, (definition + 1) * sizeof *ff.defined);
        memset(ff.defined + ff.definitions, 0, (definition + 1 - ff.definitions) * sizeof *ff.defined);
        ff.definitions = definition + 1;
    }
    ff.defined[definition].name = name && *name == '"' ? ff_decoded(name).at : ff_cut("?", 1);
    ff.defined[definition].function = ff_find(ff.defined[definition].name);
}

/* Gives back those that have not begun: all, or the one with this id. */
static void ff_give_back(long long id) {
    ff_text text = {0, 0, 0};
    fanfold_task **place = &ff.first;
    ff_put(&text, "[\"recalled\"");
    pthread_mutex_lock(&ff.lock);
    while (*place) {
        fanfold_task *task = *place;
        if (id >= 0 && task->id != id) {
            place = &task->next;
            continue;
        }
        *place = task->next;
        ff_printf(&text, ",%lld", task->id);
        ff_forget(task);
    }
    ff.last = place;
    pthread_mutex_unlock(&ff.lock);
    ff_put(&text, "]\n");
    ff_send(&text);
}

static fanfold_task *ff_running(long long id) {
    fanfold_task *task = ff.running;
    while (task && task->id != id) task = task->next;
    return task;
}

static void ff_cancel(long long id) {
    fanfold_task *task;
    pthread_mutex_lock(&ff.lock);
    if ((task = ff_running(id))) task->stopped = 1;
    pthread_cond_broadcast(&ff.told);
    pthread_mutex_unlock(&ff.lock);
    if (!task) ff_give_back(id);
}

static void ff_answered(const char *line, long long id) {
    fanfold_task *task;
    pthread_mutex_lock(&ff.lock);
    if ((task = ff_running(id)) && strtoul(ff_element(line, 2), NULL, 10) == task->asked) {
        const char *answer = ff_element(line, 3);
        ff_text text = {0, 0, 0};
        ff_add(&text, answer, (size_t)(ff_after(answer) - answer));
        free(task->answer);
        task->answer = text.at;
        pthread_cond_broadcast(&ff.told);
    }
    pthread_mutex_unlock(&ff.lock);
}

static void ff_take(const char *line) {
    const char *kind = ff_element(line, 0);
    long long id = ff_is_key(kind, "recall", 6) ? -1 : strtoll(ff_element(line, 1), NULL, 10);
    if (ff_is_key(kind, "call", 4)) ff_take_calls((size_t)id, ff_element(line, 2));
    else if (ff_is_key(kind, "define", 6)) ff_define((size_t)id, ff_element(line, 2));
    else if (ff_is_key(kind, "cancel", 6)) ff_cancel(id);
    else if (ff_is_key(kind, "recall", 6)) ff_give_back(-1);
    else if (ff_is_key(kind, "answer", 6)) ff_answered(line, id);
}

static int ff_serve(void) {
    ff_text text = {0, 0, 0};
    size_t from = 0, looked = 0;
    int i;
    fcntl(FF_IN, F_SETFD, FD_CLOEXEC);
    fcntl(FF_OUT, F_SETFD, FD_CLOEXEC);
    for (i = 0; i < ff.concurrency; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ff_work, NULL) != 0) return 1;
        pthread_detach(thread);
    }
    if (ff_catch_printed() != 0) return 1;
    ff_printf(&text, "[\"ready\",null,[%d,%d]]\n", ff.printed[0], ff.printed[1]);
    ff_send(&text);
    text.at = NULL;
    text.length = text.room = 0;
    for (;;) {
        char chunk[65536];
        ssize_t length = read(FF_IN, chunk, sizeof chunk);
        char *end;
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) break;
        ff_add(&text, chunk, (size_t)length);
        while ((end = (char *)memchr(text.at + looked, '\n', text.length - looked))) {
            *end = 0;
            ff_take(text.at + from);
            from = looked = (size_t)(end - text.at) + 1;
        }
        memmove(text.at, text.at + from, text.length - from);
        text.length -= from;
        looked = text.length;
        from = 0;
    }
    /* Whoever started us is gone: nothing that we have started may stay. */
    if (getpgrp() == getpid()) kill(0, SIGKILL);
    _exit(1);
}

/* ---- a program of its own ---- */

static void ff_on_term(int signal) {
    char byte = (char)signal;
    ssize_t ignored = write(ff.term[1], &byte, 1);
    (void)ignored;
}

static void *ff_wait_for_term(void *given) {
    fanfold_task *task = (fanfold_task *)given;
    char byte;
    while (read(ff.term[0], &byte, 1) == 1) {
        pthread_mutex_lock(&ff.lock);
        task->stopped = 1;
        pthread_cond_broadcast(&ff.told);
        pthread_mutex_unlock(&ff.lock);
    }
    return NULL;
}

static char *ff_env(const char *name) {
    const char *value = getenv(name);
    return ff_cut(value ? value : "", 4096);
}

static char *ff_read_input(void) {
    const char *path = getenv("TASK_INPUT");
    FILE *file = path ? fopen(path, "rb") : stdin;
    ff_text text = {0, 0, 0};
    char chunk[65536];
    size_t length;
    ff_put(&text, "");
    while (file && (length = fread(chunk, 1, sizeof chunk, file)) > 0) ff_add(&text, chunk, length);
    if (file && path) fclose(file);
    if (*ff_blank(text.at) == 0) ff_put(&text, "null");
    return text.at;
}

static int ff_write_output(const char *json) {
    const char *path = getenv("TASK_OUTPUT");
    FILE *file = path ? fopen(path, "wb") : stdout;
    int ok = file && fputs(json, file) >= 0;
    if (file && path) return fclose(file) == 0 && ok ? 0 : 1;
    putchar('\n');
    return ok ? 0 : 1;
}

static int ff_run_once(const char *name) {
    fanfold_task *task;
    pthread_t thread;
    const fanfold_function *function = name ? ff_find(name) : ff.functions[1].name ? NULL : ff.functions;
    const char *attempt = getenv("TASK_ATTEMPT");
    int result;
    if (!function) {
        fprintf(stderr, "no function \"%s\": there are", name ? name : "");
        for (function = ff.functions; function->name; function++) fprintf(stderr, " %s", function->name);
        fprintf(stderr, "\n");
        return 2;
    }
    task = (fanfold_task *)ff_get(NULL, sizeof *task);
    memset(task, 0, sizeof *task);
    task->function = function;
    task->memory = ff_read_input();
    task->input = task->memory;
    task->run = ff_env("TASK_RUN");
    task->workflow = ff_env("TASK_WORKFLOW");
    task->name = ff_env("TASK_ID");
    task->attempt = attempt ? atoi(attempt) : 1;
    if ((ff.in_task = getenv("TASK_CONTROL") != NULL)) fcntl(FF_CONTROL, F_SETFD, FD_CLOEXEC);
    if (pipe(ff.term) == 0 && pthread_create(&thread, NULL, ff_wait_for_term, task) == 0) {
        fcntl(ff.term[0], F_SETFD, FD_CLOEXEC);
        fcntl(ff.term[1], F_SETFD, FD_CLOEXEC);
        pthread_detach(thread);
        signal(SIGTERM, ff_on_term);
    }
    ff_call(task);
    if (task->failed) {
        int noMemory = strcmp(task->fail_reason, "memory") == 0;
        fprintf(stderr, "%s%s: %s\n", noMemory ? "MemoryError: " : "", task->fail_name, task->fail_message);
    }
    result = task->failed ? 1 : ff_write_output(task->output.length > 0 ? task->output.at : "null");
    fflush(stdout);
    /* Its thread may still look at the task. */
    return result;
}

static int ff_number(int argc, char **argv, int at, int otherwise) {
    long number = argc > at ? strtol(argv[at], NULL, 10) : 0;
    return number > 0 ? (int)number : otherwise;
}

int fanfold_main(int argc, char **argv, const fanfold_function *functions) {
    pthread_mutex_init(&ff.lock, NULL);
    pthread_mutex_init(&ff.out, NULL);
    pthread_mutex_init(&ff.print, NULL);
    pthread_cond_init(&ff.arrived, NULL);
    pthread_cond_init(&ff.told, NULL);
    ff.functions = functions;
    ff.last = &ff.first;
    setvbuf(stdout, NULL, _IOLBF, 1 << 14);
    if (argc < 2 || strcmp(argv[1], "fanfold-harness") != 0) return ff_run_once(argc > 1 ? argv[1] : NULL);
    ff.warm = 1;
    ff.concurrency = ff_number(argc, argv, 2, 1);
    ff.output_max = ff_number(argc, argv, 3, 16 << 20);
    return ff_serve();
}

#endif /* FANFOLD_IMPLEMENTATION */
