//! From recorded inputs to turns of an engine.

use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::probe::Probe;
use hotpath::record::{Frame, Head, Kind, body_of, flag, payload_of};
use hotpath::turn::Core;
use hotpath::venue::Venue;

/// Takes the inputs of a span one after the other; a long frame lies in several records.
#[derive(Debug, Default)]
pub struct Inputs {
    long_frame: Vec<u8>,
}

/// Writes what a span begins with: the pair that opens a segment, or a checkpoint that stands in its middle.
///
/// # Errors
/// A halt, or what the diary says.
pub fn begin<V: Venue, P: Probe, D: Diary>(
    core: &mut Core<'_, V, P>,
    first: Option<Head>,
    diary: &mut D,
) -> Result<(), D::Error> {
    let head = first.ok_or(Halt::MalformedCheckpoint)?;
    if head.has(flag::OPENING) { core.open(head.taken_ns, diary) } else { core.stand(diary) }
}

impl Inputs {
    /// Hands the input that ends with this record to the engine, if one does.
    ///
    /// # Errors
    /// A halt, or what the diary says.
    pub fn take<V: Venue, P: Probe, D: Diary>(
        &mut self,
        core: &mut Core<'_, V, P>,
        head: &Head,
        record: &[u8],
        diary: &mut D,
    ) -> Result<(), D::Error> {
        if head.kind != Kind::FRAME {
            let input = Input::plain(head, record).ok_or(Halt::MalformedRecord)?;
            return core.turn(head.taken_ns, &input, diary);
        }
        let payload = payload_of(record).ok_or(Halt::MalformedRecord)?;
        if head.has(flag::CONTINUES) {
            self.long_frame.extend_from_slice(payload);
            return Ok(());
        }
        let body: Frame = body_of(record).ok_or(Halt::MalformedRecord)?;
        let bytes = if self.long_frame.is_empty() {
            payload
        } else {
            self.long_frame.extend_from_slice(payload);
            &self.long_frame
        };
        core.turn(head.taken_ns, &Input::framed(head, &body, bytes), diary)?;
        self.long_frame.clear();
        Ok(())
    }
}
