//! stand-in
use crate::experiment::*; use crate::output::Written;
pub fn width() -> usize { 100 }
pub fn render(plan: &Plan, _o: &Outcome, c: &[Comparison], checks: &[CheckRow], w: &Written, _: usize) -> String {
    let mut s = String::new();
    for r in c { if let Some(m) = r.mean { s += &format!("{:40} {:32} {:12.4} {}\n", METRICS[r.metric].column, plan.variants[r.variant].label, m, r.verdict.text()); } }
    for k in checks { s += &format!("{:?} {} {} {}\n", k.passed, k.check, k.variant, k.detail); }
    s += &format!("{w:?}\n"); s
}
