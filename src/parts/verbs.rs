//! What nodes ask of each other: the numbers that travel in a call's `verb`. Numbers from 64 up mean different things to different
//! components; what the network looks at has a lower one.

/// Read a key: from a tier, an inline cache or a database.
pub const READ: u16 = 1;
/// Write a key.
pub const WRITE: u16 = 2;
/// Look a key up in a cache; the answer is `Ok` or `Missing`.
pub const GET: u16 = 3;
/// Put a known version of a key into a cache (fill after a miss, write-through).
pub const PUT: u16 = 4;
/// Remove a key from a cache.
pub const DELETE: u16 = 5;
/// Write a key in a cache that stores it later (write-back).
pub const WRITE_BACK: u16 = 6;
/// Bring a version that was written in a cache to the store.
pub const FLUSH: u16 = 7;

/// A balancer is asked whether its health checks have taken the server `key` out: `Missing` if so.
pub const VERDICT: u16 = 19;
/// Are you well? `Ok`, or `Missing` if no new clients shall come.
pub const HEALTH: u16 = 20;
/// Log the request's user in, and keep the session.
pub const LOGIN: u16 = 21;
/// How busy have you been since I last asked? The answer's version is, for key 0, the busy share in millionths; for key 1, the mean number
/// of requests waiting in thousandths; for key 2, the mean time of the requests answered since, from when each was sent, in microseconds,
/// and in `redirect` how many they were ([`rounded`]).
pub const LOAD: u16 = 22;
/// The answer to [`LOAD`] of who has answered nothing since.
pub const NO_FIGURE: u32 = u32::MAX;

/// A count in half a word: eleven bits, and by how many it is shifted; exact below 2048, to 0.1 % above.
#[inline]
pub fn rounded(count: u64) -> u16 {
    let shift = 53u32.saturating_sub(count.leading_zeros());
    let (shift, digits) = if shift > 31 { (31, 2047) } else { (shift, count >> shift) };
    (shift << 11) as u16 | digits as u16
}

/// What [`rounded`] stands for.
#[inline]
pub fn unrounded(rounded: u16) -> u64 {
    (u64::from(rounded) & 2047) << (rounded >> 11)
}
/// I am alive: from an active balancer to its standby.
pub const ADVERTISE: u16 = 23;
/// First of the questions that only some data models answer (see `components::database::model`); up to 15 more follow.
pub const ASK: u16 = 32;
/// Own work of a guest, done by the processors of the machine it stands on; `key` is the work in nanoseconds.
pub const COMPUTE: u16 = 48;
/// A coordinator to a cache node: a slot will come from elsewhere, serve it.
pub const IMPORT: u16 = 56;
/// A coordinator to a cache node: hand a slot over.
pub const MIGRATE: u16 = 57;
/// A coordinator to a cache node: these slots have this owner.
pub const SET_SLOTS: u16 = 58;
/// A cache node to another: take over a key; the call's note is its remaining life in ms, `u32::MAX` = for ever.
pub const TAKE: u16 = 59;
/// The same for data that waits to be stored.
pub const TAKE_DIRTY: u16 = 60;
/// Find the address behind a name; the answer holds it, or is `Missing` or `Moved` (another name, another server).
pub const LOOKUP: u16 = 8;

/// Tell the asking client where to go; the call's token is the place that it says it is at, 0 = it does not say. Answered as a
/// look-up is.
pub const LOCATE: u16 = 12;
/// From an anycast address to whoever uses it: the site `key / 2` is announced (1) or withdrawn (0).
pub const ROUTE: u16 = 13;

/// Whether questions of this kind go without a connection.
#[inline]
pub fn is_datagram(verb: u16) -> bool {
    verb == LOOKUP
}

/// Whether they go over a connection that stands whatever a link says of connections: what RabbitMQ pushes, and what is said of that, is one
/// stream; a piece that was missing would hold up all that comes behind it.
#[inline]
pub fn is_of_stream(verb: u16) -> bool {
    matches!(verb, DELIVER | WATCH)
}

/// Give a message to a broker; it is published when the broker says so.
pub const PUBLISH: u16 = 64;
/// A broker hands a message to a consumer; the answer is the acknowledgement.
pub const DELIVER: u16 = 24;
/// A consumer opens a connection; RabbitMQ pushes messages to it from then on.
pub const SUBSCRIBE: u16 = 66;
/// A consumer wants no more messages pushed; what it has it will still answer for.
pub const CANCEL: u16 = 71;
/// A call that is never answered: it breaks when the broker dies, which tells the consumer.
pub const WATCH: u16 = 25;
/// A sign of life of a consumer or of another broker.
pub const HEARTBEAT: u16 = 67;
/// A consumer asks for messages.
pub const FETCH: u16 = 68;
/// A consumer is done with a message it fetched.
pub const SETTLE: u16 = 69;
/// A consumer takes over messages that others have left lying.
pub const CLAIM: u16 = 72;
/// A consumer wants to share in the work of its group.
pub const JOIN: u16 = 73;
/// A consumer says up to where it has processed a partition.
pub const COMMIT: u16 = 74;
/// A consumer asks up to where a partition has been processed.
pub const OFFSET: u16 = 75;
/// A broker asks the leader of a partition for records.
pub const REPLICATE: u16 = 76;
/// A controller tells a broker who leads a partition and who is in sync.
pub const LEAD: u16 = 77;
/// A leader asks its controller to change who counts as in sync.
pub const ALTER_ISR: u16 = 78;
/// A queue hands a dead letter to another; `version` is the message's number.
pub const DEAD_LETTER: u16 = 79;
/// Give up the lock of a key (it is known by the call's token): the load has failed.
pub const UNLOCK: u16 = 10;
/// Tell a bus that a key was written.
pub const ANNOUNCE: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_rounded_to_a_thousandth() {
        for count in [0, 1, 17, 2047, 2048, 5_001, 123_456_789, 1 << 40] {
            let told = unrounded(rounded(count));
            assert!(told <= count && (count - told) * 1000 <= count, "{count}: {told}");
        }
        assert!((0..2048).all(|count| unrounded(rounded(count)) == count));
        assert_eq!(unrounded(rounded(u64::MAX)), 2047 << 31, "no more than that");
    }

    #[test]
    fn what_the_network_looks_at_means_the_same_everywhere() {
        let looked_at = (0..=u16::MAX).filter(|verb| is_datagram(*verb) || is_of_stream(*verb));
        assert_eq!(looked_at.collect::<Vec<_>>(), [LOOKUP, DELIVER, WATCH]);
        assert!(
            [LOOKUP, DELIVER, WATCH].iter().all(|verb| *verb < 64),
            "others use the same numbers from 64 up"
        );
    }
}
