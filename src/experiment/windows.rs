//! A run over time, as it is kept: what was measured where is said once, and each window has numbers only. A thousand nodes
//! have a million figures in a hundred windows, and an experiment keeps those of all its runs until its end.

use crate::kernel::Time;
use serde::{Deserialize, Serialize};

/// What a line of a chart over time would show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Node or traffic; `all` for requests as a whole.
    pub component: String,
    /// What is measured, with its unit.
    pub metric: String,
}

/// The figures of one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its end. It begins where the one before it ended.
    pub end: Time,
    /// Of which line, and how much.
    pub figures: Vec<(u32, f64)>,
}

/// The figures of a run, window by window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    lines: Vec<Line>,
    windows: Vec<Window>,
}

impl Series {
    /// A line to which figures may belong from now on.
    pub fn line(&mut self, component: &str, metric: &str) -> u32 {
        self.lines.push(Line { component: component.into(), metric: metric.into() });
        (self.lines.len() - 1) as u32
    }

    /// A window has ended.
    pub fn push(&mut self, window: Window) {
        self.windows.push(window);
    }

    /// All lines, in the order in which they began.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// All windows, in order of time.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// How many figures there are.
    pub fn figures(&self) -> usize {
        self.windows.iter().map(|window| window.figures.len()).sum()
    }

    /// Whether every figure belongs to a line: one that was read from a file may not.
    pub fn is_whole(&self) -> bool {
        let known = |&(line, _): &(u32, f64)| (line as usize) < self.lines.len();
        self.windows.iter().all(|window| window.figures.iter().all(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_no_line_is_found() {
        let mut series = Series::default();
        let line = series.line("shop/0", "utilization_ratio");
        series.push(Window { end: 5, figures: vec![(line, 0.5)] });
        assert!(series.is_whole());
        series.push(Window { end: 9, figures: vec![(line, 0.5), (line + 1, 0.5)] });
        assert!(!series.is_whole());
    }
}
