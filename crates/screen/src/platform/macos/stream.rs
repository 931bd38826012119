//! One stream of pictures of one monitor.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use block2::RcBlock;
use dispatch2::{DispatchQueue, DispatchQueueAttr};
use objc2::{
    AnyThread as _, DefinedClass as _, define_class, msg_send,
    rc::Retained,
    runtime::{AnyObject, NSObject, NSObjectProtocol, ProtocolObject},
};
use objc2_core_foundation::CFRetained;
use objc2_core_media::{CMSampleBuffer, CMTime, CMTimeFlags};
use objc2_core_video::{
    CVPixelBuffer, CVPixelBufferGetBaseAddress, CVPixelBufferGetBytesPerRow, CVPixelBufferGetHeight,
    CVPixelBufferGetWidth, CVPixelBufferLockBaseAddress, CVPixelBufferLockFlags,
    CVPixelBufferUnlockBaseAddress, kCVPixelFormatType_32BGRA, kCVReturnSuccess,
};
use objc2_foundation::{NSArray, NSDictionary, NSError, NSNumber, NSString};
use objc2_screen_capture_kit::{
    SCContentFilter, SCDisplay, SCFrameStatus, SCShareableContent, SCStream, SCStreamConfiguration,
    SCStreamDelegate, SCStreamFrameInfoStatus, SCStreamOutput, SCStreamOutputType, SCWindow,
};

use crate::{
    Error, MonitorId, Reason, Rect, Size,
    platform::canvas::{Canvas, Condition, Frame, Turn},
};

/// How long the system may take to say what can be captured, or to begin.
const ANSWER: Duration = Duration::from_secs(5);
/// Pictures a second at most.
const RATE: i32 = 30;
/// Pictures that the system keeps ready.
const QUEUE: isize = 3;

/// Dropped, it ends.
pub(super) struct Stream {
    stream: Retained<SCStream>,
    _output: Retained<Output>,
}

// SAFETY: a stream is started and stopped from any thread; all else happens on the queue that it was given.
unsafe impl Send for Stream {}

/// Begins a stream for each of the monitors, onto their places on the canvas.
pub(super) fn open(canvas: &Arc<Canvas>, arrangement: &[(MonitorId, Rect)]) -> Result<Vec<Stream>, Error> {
    let displays = displays()?;
    let streams = arrangement.iter().map(|(id, place)| {
        // SAFETY: a plain getter.
        let display = displays.iter().find(|display| unsafe { display.displayID() } == id.0);
        Stream::open(canvas.clone(), &*display.ok_or(Error::NoSuchMonitor)?, *place)
    });
    streams.collect()
}

fn displays() -> Result<Retained<NSArray<SCDisplay>>, Error> {
    let (tell, told) = mpsc::channel();
    let answer = RcBlock::new(move |content: *mut SCShareableContent, _error: *mut NSError| {
        // SAFETY: the system passes an object or nothing.
        let content = unsafe { Retained::retain(content) };
        // SAFETY: a plain getter.
        let displays = content.map(|content| unsafe { content.displays() });
        // Whoever asked may have stopped waiting.
        let _ = tell.send(displays);
    });
    // SAFETY: the block takes what the system passes to it.
    unsafe { SCShareableContent::getShareableContentWithCompletionHandler(&answer) };
    Ok(told.recv_timeout(ANSWER).ok().flatten().ok_or(Reason::NotAllowed)?)
}

impl Stream {
    fn open(canvas: Arc<Canvas>, display: &SCDisplay, place: Rect) -> Result<Self, Error> {
        let output = Output::new(canvas, place);
        let queue = DispatchQueue::new("screen", DispatchQueueAttr::SERIAL);
        let (tell, told) = mpsc::channel();
        let begun = RcBlock::new(move |error: *mut NSError| {
            // Whoever asked may have stopped waiting.
            let _ = tell.send(error.is_null());
        });
        // SAFETY: all objects are alive and of the kinds that are asked for, and the queue is a serial one of our own,
        // on which `Output` may be called.
        let stream = unsafe {
            let filter = SCContentFilter::initWithDisplay_excludingWindows(
                SCContentFilter::alloc(),
                display,
                &NSArray::<SCWindow>::new(),
            );
            let settings = SCStreamConfiguration::new();
            settings.setWidth(place.width.into());
            settings.setHeight(place.height.into());
            settings.setPixelFormat(kCVPixelFormatType_32BGRA);
            settings.setShowsCursor(true);
            settings.setQueueDepth(QUEUE);
            settings.setMinimumFrameInterval(CMTime {
                value: 1,
                timescale: RATE,
                flags: CMTimeFlags::Valid,
                epoch: 0,
            });
            let delegate = ProtocolObject::from_ref(&*output);
            let stream = SCStream::initWithFilter_configuration_delegate(
                SCStream::alloc(),
                &filter,
                &settings,
                Some(delegate),
            );
            let receiver = ProtocolObject::from_ref(&*output);
            stream
                .addStreamOutput_type_sampleHandlerQueue_error(
                    receiver,
                    SCStreamOutputType::Screen,
                    Some(&queue),
                )
                .map_err(|error| Error::Refused(error.localizedDescription().to_string().into()))?;
            stream.startCaptureWithCompletionHandler(Some(&begun));
            stream
        };
        let stream = Self { stream, _output: output };
        if told.recv_timeout(ANSWER).unwrap_or(false) { Ok(stream) } else { Err(Reason::System.into()) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: without a handler nobody waits for the end.
        unsafe { self.stream.stopCaptureWithCompletionHandler(None) };
    }
}

struct Target {
    canvas: Arc<Canvas>,
    place: Rect,
}

define_class!(
    // SAFETY: NSObject asks nothing of those that derive from it, and `Output` has no `Drop` of its own.
    #[unsafe(super(NSObject))]
    #[name = "OndemandAgentScreenOutput"]
    #[ivars = Target]
    struct Output;

    // SAFETY: the protocol asks nothing.
    unsafe impl NSObjectProtocol for Output {}

    // SAFETY: the method has the signature of the protocol.
    unsafe impl SCStreamOutput for Output {
        #[unsafe(method(stream:didOutputSampleBuffer:ofType:))]
        fn did_output(&self, _stream: &SCStream, sample: &CMSampleBuffer, kind: SCStreamOutputType) {
            if kind == SCStreamOutputType::Screen && is_complete(sample) == Some(true) {
                self.take(sample);
            }
        }
    }

    // SAFETY: the method has the signature of the protocol.
    unsafe impl SCStreamDelegate for Output {
        #[unsafe(method(stream:didStopWithError:))]
        fn did_stop(&self, _stream: &SCStream, _error: &NSError) {
            self.ivars().canvas.set_condition(Condition::Lost);
        }
    }
);

impl Output {
    fn new(canvas: Arc<Canvas>, place: Rect) -> Retained<Self> {
        let this = Self::alloc().set_ivars(Target { canvas, place });
        // SAFETY: the signature of NSObject's `init` is right.
        unsafe { msg_send![super(this), init] }
    }

    fn take(&self, sample: &CMSampleBuffer) {
        // SAFETY: the sample is alive while this method is called.
        let Some(image) = (unsafe { sample.image_buffer() }) else { return };
        let image: &CVPixelBuffer = &image;
        let how = CVPixelBufferLockFlags::ReadOnly;
        // SAFETY: the buffer is alive; it is unlocked below in the same way.
        if unsafe { CVPixelBufferLockBaseAddress(image, how) } != kCVReturnSuccess {
            return;
        }
        let stride = CVPixelBufferGetBytesPerRow(image) / size_of::<u32>();
        let side = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let size =
            Size { width: side(CVPixelBufferGetWidth(image)), height: side(CVPixelBufferGetHeight(image)) };
        let start = CVPixelBufferGetBaseAddress(image).cast::<u32>();
        if !start.is_null() && start.is_aligned() && size.height > 0 {
            let length = stride * (usize::from(size.height) - 1) + usize::from(size.width);
            // SAFETY: while the buffer is locked, its rows lie one stride apart from `start` on, four bytes a pixel.
            let pixels = unsafe { std::slice::from_raw_parts(start, length) };
            let Target { canvas, place } = self.ivars();
            let frame = Frame { place: *place, turn: Turn::Upright, size, pixels, stride };
            canvas.put(&frame, [size.rect()]);
        }
        // SAFETY: locked above, and `pixels` is not used any more.
        unsafe { CVPixelBufferUnlockBaseAddress(image, how) };
    }
}

/// Whether the sample carries a new picture: others say that nothing changed, or are blank.
fn is_complete(sample: &CMSampleBuffer) -> Option<bool> {
    // SAFETY: the sample is alive while this is called.
    let attachments = unsafe { sample.sample_attachments_array(false) }?;
    // SAFETY: the array is the same object under either name, and holds dictionaries whose keys are texts.
    let attachments = unsafe {
        CFRetained::as_ptr(&attachments).cast::<NSArray<NSDictionary<NSString, AnyObject>>>().as_ref()
    };
    // SAFETY: the name is a constant of the framework.
    let status = attachments.firstObject()?.objectForKey(unsafe { SCStreamFrameInfoStatus })?;
    let status = status.downcast::<NSNumber>().ok()?;
    Some(status.integerValue() == SCFrameStatus::Complete.0)
}
