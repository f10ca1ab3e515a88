/* SPDX-License-Identifier: Apache-2.0
 * UDP, which busybox's nc does not speak: a server that says its word, and one question. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "attest.h"

static struct sockaddr_in place(const char *address, const char *port) {
  struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, address, &out.sin_addr);
  return out;
}

/* Answers every datagram with the word, until it is killed. */
static int do_udp_serve(int count, char **arguments) {
  (void)count;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in own = place("0.0.0.0", arguments[0]);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) return say("udp-serve", -1);
  printf("serving\n");
  for (;;) {
    char text[64];
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    if (recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &length) < 0)
      return say("udp-serve", -1);
    sendto(fd, arguments[1], strlen(arguments[1]), 0, (struct sockaddr *)&from, length);
  }
}

/* Prints the answer, or the error of a second's wait. */
static int do_udp_ask(int count, char **arguments) {
  (void)count;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  struct sockaddr_in there = place(arguments[0], arguments[1]);
  char text[64];
  if (connect(fd, (struct sockaddr *)&there, sizeof there) < 0 || send(fd, "?", 1, 0) < 0)
    return say("udp-ask", -1);
  ssize_t length = recv(fd, text, sizeof text - 1, 0);
  if (length < 0) return say("udp-ask", -1);
  text[length] = '\0';
  printf("%s\n", text);
  return 0;
}

/* Listens on TCP over IPv6 alone, for a minute at most. */
static int do_listen6(int count, char **arguments) {
  (void)count;
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int one = 1;
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  struct sockaddr_in6 own = {.sin6_family = AF_INET6,
                             .sin6_port = htons((uint16_t)atoi(arguments[0]))};
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0 || listen(fd, 1) < 0)
    return say("listen6", -1);
  printf("listening\n");
  sleep(60);
  return 0;
}

const action net_actions[] = {{"udp-serve", 2, "PORT WORD", do_udp_serve},
                              {"udp-ask", 2, "ADDRESS PORT", do_udp_ask},
                              {"listen6", 1, "PORT", do_listen6},
                              {NULL, 0, NULL, NULL}};
