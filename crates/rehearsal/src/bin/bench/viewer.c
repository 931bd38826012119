/* The viewer of the access benchmark, the same for every server: libvncclient, which decodes what comes and asks for the
   next picture. It writes a line when it connects and for each update, with the time and one pixel of the picture, and
   the whole picture to a file when it is told to. */

#include <rfb/rfbclient.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static int probe_x, probe_y;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void updated(rfbClient *client) {
    uint32_t pixel = 0;
    if (probe_x < client->width && probe_y < client->height)
        pixel = ((uint32_t *)client->frameBuffer)[probe_y * client->width + probe_x];
    printf("update %.6f %06x\n", now(), pixel & 0xffffff);
    fflush(stdout);
}

static void dump(rfbClient *client, const char *path) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) exit(1);
    fwrite(client->frameBuffer, 4, (size_t)client->width * (size_t)client->height, file);
    fclose(file);
    printf("dumped %d %d\n", client->width, client->height);
    fflush(stdout);
}

static void say_nothing(const char *format, ...) { (void)format; }

/* viewer PORT QUALITY PROBE-X PROBE-Y; "dump FILE" on standard input. */
int main(int count, char **arguments) {
    if (count != 5) return 2;
    probe_x = atoi(arguments[3]);
    probe_y = atoi(arguments[4]);
    rfbClientLog = say_nothing;
    rfbClient *client = rfbGetClient(8, 3, 4);
    client->serverHost = strdup("127.0.0.1");
    client->serverPort = atoi(arguments[1]);
    client->appData.encodingsString = "tight copyrect zrle hextile raw";
    client->appData.enableJPEG = TRUE;
    client->appData.qualityLevel = atoi(arguments[2]);
    client->appData.compressLevel = 1;
    client->appData.useRemoteCursor = TRUE;
    client->canHandleNewFBSize = TRUE;
    /* Blue in the low byte, as the screen has it. */
    client->format.redShift = 16;
    client->format.greenShift = 8;
    client->format.blueShift = 0;
    client->FinishedFrameBufferUpdate = updated;
    printf("connecting %.6f\n", now());
    fflush(stdout);
    if (!rfbInitClient(client, NULL, NULL)) return 1;
    for (;;) {
        char line[4096];
        fd_set ready;
        FD_ZERO(&ready);
        FD_SET(client->sock, &ready);
        FD_SET(0, &ready);
        /* What was read ahead does not make the socket readable. */
        struct timeval wait = {client->buffered > 0 ? 0 : 10, 0};
        if (select(client->sock + 1, &ready, NULL, NULL, &wait) < 0) return 1;
        if (FD_ISSET(0, &ready)) {
            if (fgets(line, sizeof line, stdin) == NULL) return 0;
            line[strcspn(line, "\n")] = 0;
            if (strncmp(line, "dump ", 5) == 0) dump(client, line + 5);
        }
        if ((client->buffered > 0 || FD_ISSET(client->sock, &ready)) && !HandleRFBServerMessage(client)) return 0;
    }
}
