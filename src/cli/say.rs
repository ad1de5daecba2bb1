//! Everything the user reads goes through here: colours only where they are wanted (NO_COLOR, CLICOLOR_FORCE,
//! TERM=dumb, pipes), and no panic when the reader has gone (`scalelab list | head`).

use std::io::{self, ErrorKind, Write};

/// Prints to stdout. If the reader has gone, the program ends quietly with exit code 0; if stdout cannot be written
/// for another reason (a full disk behind `>`), it says so and ends with exit code 1.
pub fn say(text: &str) {
    if !offer(text) {
        std::process::exit(0);
    }
}

/// Prints to stdout. False if the reader has gone: then there is still something to do, and an exit code that says how it went.
pub fn offer(text: &str) -> bool {
    let mut out = anstream::stdout().lock();
    pass_on(&mut out, text).unwrap_or_else(|error| {
        complain(&format!("error: cannot write to stdout: {error}\n"));
        std::process::exit(1);
    })
}

/// Prints to stderr. Nobody can be told if that fails.
pub fn complain(text: &str) {
    let _ = pass_on(&mut anstream::stderr().lock(), text);
}

/// False if nobody reads any more.
fn pass_on(out: &mut dyn Write, text: &str) -> io::Result<bool> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_has_gone_is_no_error_and_a_full_disk_is_one() {
        assert!(pass_on(&mut Vec::new(), "x").unwrap());
        assert!(!pass_on(&mut Broken(ErrorKind::BrokenPipe), "x").unwrap());
        let full = pass_on(&mut Broken(ErrorKind::StorageFull), "x").unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }
}
