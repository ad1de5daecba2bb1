//! `scalelab export`: results for the tools that watch real services.

use super::args::{ExportArgs, ExportKind};
use super::new::quoted;
use super::{FAILED, USAGE, say, trouble};
use crate::output::{self, Exported, Instant, Kind};
use std::time::SystemTime;

/// Makes the files and says what they are good for.
pub fn export(args: &ExportArgs) -> u8 {
    let epoch = match epoch(&args.epoch) {
        Ok(epoch) => epoch,
        Err(message) => {
            trouble::problem(&format!("--epoch {}: {message}", args.epoch));
            return USAGE;
        }
    };
    let kind = match args.kind {
        ExportKind::Prometheus => Kind::Prometheus,
        ExportKind::Logs => Kind::Logs,
    };
    match output::export(kind, &args.results, args.output_dir.as_deref(), epoch) {
        Ok(exported) => {
            say(&told(kind, &exported, &args.epoch));
            0
        }
        Err(error) => {
            trouble::problem(&error.to_string());
            FAILED
        }
    }
}

fn epoch(text: &str) -> Result<Instant, String> {
    if text != "now" {
        return text.parse();
    }
    let since =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
    Instant::of_millis(since.as_millis() as i64).map_err(|error| error.to_string())
}

fn told(kind: Kind, exported: &Exported, epoch: &str) -> String {
    let mut text = format!("wrote {}:\n", exported.dir.display());
    for (file, what) in &exported.files {
        text += &format!("  {file:<18} {what}\n");
    }
    text += &match kind {
        Kind::Prometheus => format!(
            "start it with: sh {} (needs prometheus and promtool), and add http://127.0.0.1:9090 to Grafana;\n\
             do not load metrics.om into a Prometheus that others use\n",
            quoted(&exported.dir.join("serve.sh").to_string_lossy())
        ),
        Kind::Logs if epoch == "now" => String::new(),
        Kind::Logs => "Loki (of more than a week) and CloudWatch (of more than two weeks) refuse old lines: --epoch now\n".into(),
    };
    text
}
