/* What the machine can do: the same work as the benchmarks beside it, in C. Prints one line of JSON. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t state = 20260105;
static uint32_t next(void) { return state = state * 1664525u + 1013904223u; }

static double now(void) {
  /* Of this program alone: what else the machine does is no part of it. */
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void print128(__int128 value) {
  char digits[48];
  int at = sizeof digits;
  int negative = value < 0;
  unsigned __int128 rest = negative ? -(unsigned __int128)value : (unsigned __int128)value;
  digits[--at] = 0;
  do { digits[--at] = '0' + (int)(rest % 10); rest /= 10; } while (rest);
  printf("%s%s", negative ? "-" : "", digits + at);
}

/* Fills of one account: first in first out, buckets of an hour, and the deepest fall of what was realized. */
static void aggregate(size_t count) {
  int64_t *size = malloc(count * 8), *price = malloc(count * 8), *time = malloc(count * 8);
  uint8_t *buy = malloc(count);
  int64_t at = 0, cents = 4000000;
  for (size_t i = 0; i < count; i += 1) {
    cents += (int64_t)((next() >> 8) % 201) - 100;
    if (cents < 100000) cents = 100000;
    price[i] = cents;
    size[i] = 1 + (next() >> 8) % 50000;
    buy[i] = (next() >> 16) & 1;
    at += (next() >> 8) % 60000;
    time[i] = at;
  }
  int64_t *lots = malloc(count * 8), *costs = malloc(count * 8);
  double began = now();
  size_t head = 0, tail = 0, hours = 0;
  int side = 1;
  __int128 realized = 0, peak = 0, deepest = 0, volume = 0;
  int64_t hour = -1, trades = 0;
  for (size_t i = 0; i < count; i += 1) {
    int64_t own = time[i] / 3600000;
    if (own != hour) {
      if (realized > peak) peak = realized;
      if (realized - peak < deepest) deepest = realized - peak;
      hour = own; hours += 1; trades = 0;
    }
    trades += 1;
    volume += (__int128)size[i] * price[i];
    int64_t left = size[i];
    int direction = buy[i] ? 1 : -1;
    if (head == tail) side = direction;
    if (direction != side) {
      while (left > 0 && head < tail) {
        int64_t taken = lots[head] < left ? lots[head] : left;
        realized += (__int128)(side * taken) * (price[i] - costs[head]);
        lots[head] -= taken; left -= taken;
        if (lots[head] == 0) head += 1;
      }
      if (head == tail) { head = tail = 0; side = direction; }
    }
    if (left > 0) { lots[tail] = left; costs[tail] = price[i]; tail += 1; }
  }
  double seconds = now() - began;
  printf("{\"seconds\":%.9f,\"hours\":%zu,\"realized\":\"", seconds, hours);
  print128(realized); printf("\",\"deepest\":\""); print128(deepest); printf("\",\"volume\":\""); print128(volume);
  printf("\",\"trades\":%lld}\n", (long long)trades);
}

/* Text to a scaled integer with every character checked. */
static int parse(const char *text, size_t length, int64_t *digits, int *scale) {
  size_t at = text[0] == '-';
  int64_t value = 0;
  int point = -1;
  if (at == length || length - at > 16) return 0;
  for (size_t i = at; i < length; i += 1) {
    unsigned digit = (unsigned)text[i] - '0';
    if (digit <= 9) value = value * 10 + digit;
    else if (text[i] == '.' && point < 0 && i > at && i + 1 < length) point = (int)i;
    else return 0;
  }
  *scale = point < 0 ? 0 : (int)length - 1 - point;
  while (*scale > 0 && value % 10 == 0) { value /= 10; *scale -= 1; }
  *digits = at ? -value : value;
  return 1;
}

static void decimals(size_t count) {
  char (*texts)[24] = malloc(4096 * 24);
  for (int i = 0; i < 4096; i += 1)
    snprintf(texts[i], 24, i % 2 ? "%.2f" : "%.5f", i % 2 ? 40000 + i / 100.0 : 0.0001 + i * 0.00013);
  int64_t sum = 0;
  double began = now();
  for (size_t i = 0; i < count; i += 1) {
    int64_t digits; int scale;
    const char *text = texts[i & 4095];
    if (parse(text, strlen(text), &digits, &scale)) sum += digits;
  }
  double seconds = now() - began;
  printf("{\"seconds\":%.9f,\"sum\":\"%lld\"}\n", seconds, (long long)sum);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Fourteen figures, as a library's usual set: growth, moments, downside, drawdown, tails. */
static void metrics(size_t n) {
  double *r = malloc(n * 8), *sorted = malloc(n * 8);
  for (size_t i = 0; i < n; i += 1) {
    double sum = 0;
    for (int k = 0; k < 4; k += 1) sum += (next() >> 8) / 16777216.0;
    r[i] = (sum - 2) * 0.006 + 0.00002;
  }
  double began = now();
  double sum = 0, growth = 0, below = 0, wins = 0, gains = 0;
  for (size_t i = 0; i < n; i += 1) {
    sum += r[i]; growth += log1p(r[i]);
    if (r[i] < 0) below += r[i] * r[i]; else { gains += r[i]; wins += r[i] > 0; }
  }
  double mean = sum / n, m2 = 0, m3 = 0, m4 = 0, wealth = 1, peak = 1, depth = 0;
  for (size_t i = 0; i < n; i += 1) {
    double d = r[i] - mean, s = d * d;
    m2 += s; m3 += s * d; m4 += s * s;
    wealth *= 1 + r[i];
    if (wealth > peak) peak = wealth;
    if (wealth / peak - 1 < depth) depth = wealth / peak - 1;
  }
  memcpy(sorted, r, n * 8);
  qsort(sorted, n, 8, ascending);
  double sd = sqrt(m2 / (n - 1)), year = sqrt(8760);
  double figures[] = { expm1(growth), expm1(growth * 8760 / n), sd * year, mean / sd * year, mean / sqrt(below / n) * year,
    depth, expm1(growth * 8760 / n) / -depth, m3 / n / pow(m2 / n, 1.5), m4 / n / (m2 / n) / (m2 / n) - 3,
    sorted[(size_t)(n * 0.05)], sorted[(size_t)(n * 0.95)], wins / n, gains / (gains - sum), sorted[n / 2] };
  double seconds = now() - began;
  printf("{\"seconds\":%.9f,\"sharpe\":%.17g,\"drawdown\":%.17g,\"figures\":%zu}\n", seconds, figures[3], figures[5],
    sizeof figures / sizeof *figures);
}

int main(int argc, char **argv) {
  size_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
  if (argc > 1 && !strcmp(argv[1], "aggregate")) aggregate(count);
  else if (argc > 1 && !strcmp(argv[1], "decimals")) decimals(count);
  else if (argc > 1 && !strcmp(argv[1], "metrics")) metrics(count);
  else return 2;
  return 0;
}
