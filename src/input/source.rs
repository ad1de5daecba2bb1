//! A trace file as lines: opened, unpacked if it is gzip, sampled, and cut at line ends in constant memory.

use super::error::{TraceError, shown};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// How much is looked at to tell the format.
const SAMPLE_BYTES: u64 = 64 << 10;
/// The longest line that is kept; a longer one is malformed. Web servers refuse far shorter requests.
const LINE_BYTES: u64 = 1 << 20;
const BUFFER_BYTES: usize = 64 << 10;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// What moving to the next line found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// A line, now in [`Source::line`].
    Line,
    /// A line that was too long; its beginning is in [`Source::line`].
    TooLong,
    /// The end of the file.
    End,
}

/// The lines of a file.
pub(super) struct Source {
    path: PathBuf,
    gzip: bool,
    sample: Vec<u8>,
    reader: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    number: u64,
}

impl Source {
    /// Opens a file and looks at its beginning.
    pub(super) fn open(path: &Path) -> Result<Self, TraceError> {
        if path.is_dir() {
            return Err(TraceError::Directory { path: path.into() });
        }
        let file = File::open(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => TraceError::Missing { path: path.into() },
            _ => TraceError::Unreadable { path: path.into(), line: 1, cause },
        })?;
        Self::from_reader(path, Box::new(file))
    }

    /// The same for anything that can be read; `path` is only named in messages.
    pub(super) fn from_reader(path: &Path, mut reader: Box<dyn Read>) -> Result<Self, TraceError> {
        let fault = |gzip, sample: &[u8], cause| read_error(path, gzip, 1 + line_ends(sample), cause);
        let mut magic = Vec::new();
        reader
            .by_ref()
            .take(GZIP_MAGIC.len() as u64)
            .read_to_end(&mut magic)
            .map_err(|cause| fault(false, &[], cause))?;
        let gzip = magic == GZIP_MAGIC;
        let mut reader: Box<dyn Read> = Box::new(Cursor::new(magic).chain(reader));
        if gzip {
            reader = Box::new(MultiGzDecoder::new(reader));
        }
        let mut sample = Vec::new();
        let read = reader.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample);
        read.map_err(|cause| fault(gzip, &sample, cause))?;
        refuse_binary(path, &sample)?;
        let whole: Box<dyn Read> = Box::new(Cursor::new(sample.clone()).chain(reader));
        let reader = BufReader::with_capacity(BUFFER_BYTES, whole);
        Ok(Self { path: path.into(), gzip, sample, reader, line: Vec::new(), number: 0 })
    }

    /// The file's name.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lines at the beginning, the last possibly cut.
    pub(super) fn sample_lines(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.sample.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.sample);
        text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The present line, without its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The present line's number; the first is 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Moves to the next line that is not blank.
    pub(super) fn advance(&mut self) -> Result<Advance, TraceError> {
        loop {
            let advance = self
                .next_line()
                .map_err(|cause| read_error(&self.path, self.gzip, self.number + 1, cause))?;
            if advance != Advance::Line || !self.line.trim_ascii().is_empty() {
                return Ok(advance);
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Advance> {
        self.line.clear();
        let kept = self.reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut self.line)?;
        if kept == 0 {
            return Ok(Advance::End);
        }
        let ended = self.line.ends_with(b"\n");
        let beyond = if ended || (kept as u64) < LINE_BYTES { 0 } else { self.reader.skip_until(b'\n')? };
        self.number += 1;
        if beyond > 1 {
            return Ok(Advance::TooLong);
        }
        self.line.truncate(kept - usize::from(ended));
        if self.line.ends_with(b"\r") {
            self.line.pop();
        }
        if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
            self.line.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Advance::Line)
    }
}

fn line_ends(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// The decoder's own errors carry no number of the operating system.
fn read_error(path: &Path, gzip: bool, line: u64, cause: io::Error) -> TraceError {
    if gzip && cause.raw_os_error().is_none() {
        return TraceError::DamagedGzip { path: path.into(), line, cause };
    }
    TraceError::Unreadable { path: path.into(), line, cause }
}

/// Text holds no NUL bytes; the well-known kinds of files that are no text are named.
fn refuse_binary(path: &Path, sample: &[u8]) -> Result<(), TraceError> {
    const KINDS: [(&[u8], &str, &str); 7] = [
        (b"\x28\xb5\x2f\xfd", "zstd data", "unpack it first (zstd -d)"),
        (b"\xfd7zXZ", "xz data", "unpack it first (xz -d)"),
        (b"BZh", "bzip2 data", "unpack it first (bzip2 -d)"),
        (b"PK\x03\x04", "a zip archive", "unpack it first (unzip)"),
        (b"\xff\xfe", "UTF-16", "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"),
        (b"\xfe\xff", "UTF-16", "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"),
        (b"\x1f\x8b", "gzip within gzip", "unpack it once (gzip -d)"),
    ];
    let Some(nul) = sample.iter().position(|&byte| byte == 0) else {
        return Ok(());
    };
    let kind = KINDS.iter().find(|(magic, ..)| sample.starts_with(magic));
    let (what, advice) =
        kind.map_or(("binary data", "a trace is a CSV file or an access log"), |kind| (kind.1, kind.2));
    let begin = sample[..nul].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let end = sample[nul..].iter().position(|&byte| byte == b'\n').map_or(sample.len(), |at| nul + at);
    let (line, text) = (1 + line_ends(&sample[..nul]), shown(&sample[begin..end]));
    Err(TraceError::Binary { path: path.into(), line, text, what, advice })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn source(text: &[u8]) -> Result<Source, TraceError> {
        Source::from_reader(Path::new("t.csv"), Box::new(Cursor::new(text.to_vec())))
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn lines(mut source: Source) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        while source.advance().expect("readable") == Advance::Line {
            lines.push((source.number(), String::from_utf8_lossy(source.line()).into_owned()));
        }
        lines
    }

    #[test]
    fn line_ends_blank_lines_and_the_byte_order_mark_are_dealt_with() {
        let text = b"\xef\xbb\xbfkey\r\n\n \r\na\nb";
        let expected = [(1, "key".to_string()), (4, "a".to_string()), (5, "b".to_string())];
        assert_eq!(lines(source(text).expect("text")), expected);
    }

    #[test]
    fn gzip_of_several_members_reads_like_the_plain_text() {
        let packed = [gzip(b"key\na"), gzip(b"b\n"), gzip(b"c\n")].concat();
        assert_eq!(lines(source(&packed).expect("gzip")), lines(source(b"key\nab\nc\n").expect("text")));
    }

    #[test]
    fn a_long_line_is_told_and_the_next_is_found() {
        for (length, kept) in
            [(LINE_BYTES as usize - 1, true), (LINE_BYTES as usize, true), (LINE_BYTES as usize + 1, false)]
        {
            let text = [&vec![b'x'; length][..], b"\nnext\n"].concat();
            let mut source = source(&text).expect("text");
            let expected = if kept { Advance::Line } else { Advance::TooLong };
            assert_eq!(source.advance().expect("readable"), expected, "{length}");
            assert_eq!(source.advance().expect("readable"), Advance::Line);
            assert_eq!((source.line(), source.number()), (&b"next"[..], 2));
        }
    }

    #[test]
    fn cut_and_corrupt_gzip_is_told_with_its_line() {
        let text: Vec<u8> = (0..40_000u32)
            .flat_map(|i| format!("{}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        let mut packed = gzip(&text);
        let cut = packed[..packed.len() * 3 / 4].to_vec();
        let mut cut_source = source(&cut).expect("the sample is whole");
        let error = loop {
            match cut_source.advance() {
                Ok(Advance::Line) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, TraceError::DamagedGzip { line: 10_000.., .. }), "{error}");
        packed.truncate(30);
        assert!(matches!(source(&packed), Err(TraceError::DamagedGzip { line: 1..10, .. })));
    }

    #[test]
    fn binary_data_are_named() {
        for (bytes, expected) in [
            (&b"a\nb\0c\nd"[..], "line 2: this is not text but binary data: `b\u{fffd}c`"),
            (b"\xff\xfek\0e\0y\0", "UTF-16"),
            (b"\x28\xb5\x2f\xfd\0\0", "zstd"),
        ] {
            let message = source(bytes).err().expect("refused").to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn missing_files_and_folders_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(Source::open(folder.path()), Err(TraceError::Directory { .. })));
        assert!(matches!(Source::open(&folder.path().join("none")), Err(TraceError::Missing { .. })));
        assert!(matches!(Source::open(Path::new("a\0b")), Err(TraceError::Unreadable { .. })));
    }
}
