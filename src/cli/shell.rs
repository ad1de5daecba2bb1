//! What shells and manual readers need, made from the description of the command line itself.

use clap::Command;
use clap_complete::Shell;
use std::io;

/// The completion script of a shell.
pub fn completions(shell: Shell, command: &Command) -> String {
    let mut script = Vec::new();
    let name = command.get_name().to_string();
    clap_complete::generate(shell, &mut command.clone(), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page, in the language of `man`: the program, then each of its subcommands.
///
/// # Errors
///
/// None in practice: it is written to memory.
pub fn man(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    let mut command = command.clone();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        let manual = clap_mangen::Man::new(subcommand.clone());
        page.extend(format!(".SH \"{}\"\n", subcommand.get_name().to_uppercase()).bytes());
        manual.render_description_section(&mut page)?;
        manual.render_options_section(&mut page)?;
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ValueEnum};

    fn command() -> Command {
        let run = Command::new("run").about("runs a script").arg(Arg::new("quick").long("quick"));
        Command::new("scalelab").version("1.2.3").about("experiments").subcommand(run)
    }

    #[test]
    fn every_shell_learns_the_subcommands() {
        for shell in Shell::value_variants() {
            let script = completions(*shell, &command());
            assert!(script.contains("run") && script.contains("quick"), "{shell}");
        }
    }

    #[test]
    fn the_manual_has_all_sections() {
        let page = man(&command()).unwrap();
        for part in [".TH scalelab", "SYNOPSIS", "runs a script", "quick"] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
