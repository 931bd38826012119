/* A viewer made of libvncclient: connects to a port of this machine and writes the picture to standard output after
   each update, with a line before it that says what its pixels mean. */

#include <rfb/rfbclient.h>
#include <stdio.h>
#include <stdlib.h>

/* How many pixels of the cursor can be seen; no shape was told as long as it is negative. */
static int cursor_pixels = -1;

static void note_cursor(rfbClient *client, int hot_x, int hot_y, int width, int height, int bytes) {
    (void)hot_x, (void)hot_y, (void)bytes;
    cursor_pixels = 0;
    for (int pixel = 0; pixel < width * height; pixel++) cursor_pixels += client->rcMask[pixel] != 0;
}

static void put_picture(rfbClient *client) {
    const rfbPixelFormat *format = &client->format;
    printf("%d %d %d %d %d %d %d %d %d %d\n", client->width, client->height, format->bitsPerPixel / 8,
           format->redMax, format->greenMax, format->blueMax, format->redShift, format->greenShift,
           format->blueShift, cursor_pixels);
    fwrite(client->frameBuffer, format->bitsPerPixel / 8, (size_t)client->width * client->height, stdout);
    fflush(stdout);
}

static void say_nothing(const char *format, ...) { (void)format; }

/* viewer PORT BYTES-PER-PIXEL ENCODINGS [QUALITY] */
int main(int count, char **arguments) {
    if (count < 4) return 2;
    int bytes = atoi(arguments[2]);
    rfbClientLog = say_nothing;
    rfbClient *client = rfbGetClient(bytes == 4 ? 8 : bytes == 2 ? 5 : 2, 3, bytes);
    client->serverHost = strdup("127.0.0.1");
    client->serverPort = atoi(arguments[1]);
    client->appData.encodingsString = arguments[3];
    client->appData.enableJPEG = count > 4;
    client->appData.qualityLevel = count > 4 ? atoi(arguments[4]) : 9;
    client->canHandleNewFBSize = TRUE;
    client->appData.useRemoteCursor = TRUE;
    client->GotCursorShape = note_cursor;
    client->FinishedFrameBufferUpdate = put_picture;
    if (!rfbInitClient(client, NULL, NULL)) return 1;
    for (;;) {
        int ready = WaitForMessage(client, 10000000);
        if (ready < 0 || (ready > 0 && !HandleRFBServerMessage(client))) return 0;
        if (ready == 0) return 3;
    }
}
