//! Connections without packets: what setting one up costs, and how long a transfer takes under a window that doubles.

use crate::catalog::Policy;
use crate::components::steps::Step;
use crate::kernel::{Request, SECOND, Time};

/// How a connection is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setup {
    /// There is none: messages just go.
    None,
    /// TCP.
    Tcp,
    /// TCP, then TLS 1.2.
    Tls12,
    /// TCP, then TLS 1.3.
    Tls13,
}

/// The ways to set up a connection, for the catalog.
pub const SETUPS: &[Policy] = &[
    Policy {
        name: "none",
        about: "messages just go: no connection is modelled",
        source: "datagrams; or links whose connections stay open all the time",
        wrong_when: "first visits and idle clients matter",
    },
    Policy {
        name: "tcp",
        about: "one round trip (SYN, SYN-ACK)",
        source: "RFC 9293",
        wrong_when: "the traffic is encrypted",
    },
    Policy {
        name: "tls12",
        about: "one round trip for TCP, two for TLS 1.2",
        source: "RFC 5246, 7.3 (full handshake)",
        wrong_when: "both sides speak TLS 1.3",
    },
    Policy {
        name: "tls13",
        about: "one round trip for TCP, one for TLS 1.3",
        source: "RFC 8446, 2",
        wrong_when: "sessions are resumed with 0-RTT data",
    },
];

impl Setup {
    /// By index in the list of policies.
    pub fn of(choice: usize) -> Self {
        match SETUPS[choice].name {
            "tcp" => Setup::Tcp,
            "tls12" => Setup::Tls12,
            "tls13" => Setup::Tls13,
            _ => Setup::None,
        }
    }

    /// Round trips of TLS.
    pub fn tls_round_trips(self) -> u64 {
        match self {
            Setup::None | Setup::Tcp => 0,
            Setup::Tls12 => 2,
            Setup::Tls13 => 1,
        }
    }
}

/// Payload of a segment: an Ethernet frame of 1,500 bytes less IP and TCP headers.
pub const SEGMENT_BYTES: u64 = 1_460;
/// Segments that a connection may send at once at first (RFC 6928).
pub const INITIAL_WINDOW: i64 = 10;

/// Time from the first byte's arrival to the last one's. The window begins with `window` segments and doubles each round trip (slow start,
/// RFC 5681, without loss); a round that takes longer to send than a round trip keeps the pipe full from then on. `bandwidth` in bytes per
/// second. The time, and how often the window has doubled.
pub fn transfer(bytes: u64, rtt: Time, window: u64, bandwidth: Option<u64>) -> (Time, u8) {
    let sending = |bytes: u64| match bandwidth {
        Some(bandwidth) => (u128::from(bytes) * u128::from(SECOND) / u128::from(bandwidth)) as Time,
        None => 0,
    };
    let (mut left, mut window, mut passed, mut doubled) = (bytes, window * SEGMENT_BYTES, 0, 0);
    while left > window && sending(window) < rtt {
        passed += rtt;
        left -= window;
        window *= 2;
        doubled += 1;
    }
    (passed + sending(left), doubled)
}

/// Of a client's request: how long its answer took from the first byte to the last.
pub(super) fn note_transfer(request: Option<&mut Request>, transfer: Time) {
    if let Some(request) = request {
        // The answer that a client takes is the one sent last: what of others came before it gave them up was waiting.
        Step::Transfer.take_back(request, Time::MAX);
        Step::Transfer.note(request, transfer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::MILLISECOND;
    use proptest::prelude::*;

    const RTT: Time = 100 * MILLISECOND;

    #[test]
    fn rounds_double_from_ten_segments() {
        let rounds = |bytes| transfer(bytes, RTT, 10, None).0 / RTT;
        assert_eq!(rounds(0), 0);
        assert_eq!(rounds(14_600), 0, "the initial window goes at once");
        assert_eq!(rounds(14_601), 1);
        assert_eq!(rounds(3 * 14_600), 1);
        assert_eq!(rounds(3 * 14_600 + 1), 2);
        assert_eq!(rounds(7 * 14_600), 2);
        assert_eq!(rounds(1_000_000), 6, "14,600 x (2^7 - 1) is the first sum above a megabyte");
    }

    #[test]
    fn a_thin_pipe_is_full_from_the_start() {
        // 10 kB/s: a window of 14,600 bytes takes 1.46 s, longer than a round trip.
        assert_eq!(transfer(100_000, RTT, 10, Some(10_000)).0, 10 * SECOND);
    }

    proptest! {
        /// Window by window, as a sender would.
        #[test]
        fn no_sender_is_faster_or_slower(bytes in 0_u64..50_000_000, rtt in 1_u64..SECOND, bandwidth in 10_000_u64..1_000_000_000) {
            let time = transfer(bytes, rtt, 10, Some(bandwidth)).0;
            let send = |n: u64| n as f64 * 1e9 / bandwidth as f64;
            let (mut free_at, mut window_opens, mut left, mut window) = (0.0_f64, 0.0_f64, bytes, 14_600_u64);
            while left > 0 {
                let part = left.min(window);
                free_at = free_at.max(window_opens) + send(part);
                window_opens += (rtt as f64).max(send(window));
                (left, window) = (left - part, window.saturating_mul(2));
            }
            prop_assert!((time as f64 - free_at).abs() <= 1e-6 * free_at + 50.0, "{time} {free_at}");
        }

        #[test]
        fn more_bytes_never_take_less_time(bytes in 0_u64..10_000_000, more in 0_u64..10_000, rtt in 1_u64..SECOND) {
            for bandwidth in [None, Some(50_000), Some(5_000_000)] {
                prop_assert!(transfer(bytes, rtt, 10, bandwidth).0 <= transfer(bytes + more, rtt, 10, bandwidth).0);
            }
        }
    }
}
