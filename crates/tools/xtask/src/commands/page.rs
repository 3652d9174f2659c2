//! A page with its commands, and what it says of them.

use std::ops::Range;
use std::path::Path;

use super::{figures, quote};
use crate::tidy::markdown::{self, CodeBlock};

/// One command of one page.
#[derive(Debug, PartialEq, Eq)]
pub struct Documented {
    /// The page and the line, as `README.md:17`.
    pub at: String,
    /// What follows the program's name, for a shell.
    pub arguments: String,
    /// The exit code that the page promises.
    pub exit: i32,
    /// It serves a page until somebody ends it.
    pub stays: bool,
    /// The lines of the page that quote its output, numbered from 0.
    pub quotation: Option<Range<usize>>,
}

/// A page, as far as its commands go.
pub struct Page<'t> {
    name: String,
    lines: Vec<&'t str>,
    pub commands: Vec<Documented>,
    /// Tables with a row for each command of the block before them: the page's lines, and the commands.
    tables: Vec<(Range<usize>, Range<usize>)>,
}

impl<'t> Page<'t> {
    /// Finds the commands of a page, what it quotes of them, and the tables that go with them.
    pub fn read(page: &Path, text: &'t str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let mut read = Self {
            name: page.display().to_string(),
            commands: Vec::new(),
            tables: Vec::new(),
            lines,
        };
        let blocks = markdown::code_blocks(text);
        for (number, block) in blocks.iter().enumerate() {
            if block.language != "console" && block.language != "sh" {
                continue;
            }
            let first = read.commands.len();
            let found = documented(&read.name, block);
            read.commands.extend(found);
            if read.commands.len() == first {
                continue;
            }
            let end = block.end();
            let next = blocks.get(number + 1);
            let is_blank = |lines: &[&str]| lines.iter().all(|line| line.trim().is_empty());
            if let Some(next) = next
                && next.language == "text"
                && is_blank(&read.lines[end..next.begin() - 1])
                && let Some(last) = read.commands.last_mut()
            {
                last.quotation = Some(next.begin()..next.end() - 1);
            }
            let until = next.map_or(read.lines.len(), |next| next.begin() - 1);
            let commands = first..read.commands.len();
            let table = table(&read.lines, end..until);
            if 1 < commands.len() && table.len() == commands.len() {
                read.tables.push((table, commands));
            }
        }
        read
    }

    /// Each quotation that is not what its command printed.
    pub fn false_quotations(&self, printed: &[String]) -> Vec<String> {
        let quoting = self.commands.iter().zip(printed).filter_map(|(command, printed)| {
            let quoted = &self.lines[command.quotation.clone()?];
            let printed: Vec<&str> = printed.trim_end().lines().collect();
            let line = quote::first_difference(quoted, &printed)?;
            Some(format!(
                "{}: worstday {}: what is quoted is not what is printed, from this line on:\n{line}\nprinted:\n{}",
                command.at,
                command.arguments,
                printed.join("\n")
            ))
        });
        quoting.collect()
    }

    /// The page with its quotations as they are printed now.
    pub fn renewed(&self, text: &str, printed: &[String]) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (command, printed) in self.commands.iter().zip(printed).rev() {
            let Some(place) = command.quotation.clone().filter(|_| !printed.is_empty()) else {
                continue;
            };
            let printed: Vec<&str> = printed.trim_end().lines().collect();
            if quote::first_difference(&self.lines[place.clone()], &printed).is_some() {
                let renewed = quote::renewed(&self.lines[place.clone()], &printed);
                lines.splice(place, renewed);
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// Whether it quotes what a command prints.
    pub fn quotes(&self) -> bool {
        self.commands
            .iter()
            .any(|command| command.quotation.is_some())
    }

    /// The described systems that its commands name.
    pub fn systems(&self) -> impl Iterator<Item = &str> {
        let words = self
            .commands
            .iter()
            .flat_map(|command| command.arguments.split_whitespace());
        words.filter(|word| word.ends_with(".yaml"))
    }

    /// How many figures the prose of the page has, and those that neither its commands print nor
    /// `systems`, the text of the files that they name, hold. A page without commands has none.
    pub fn unknown_figures(
        &self,
        text: &str,
        printed: &[String],
        systems: &[String],
    ) -> (usize, Vec<String>) {
        if self.commands.is_empty() {
            return (0, Vec::new());
        }
        let by_hand = figures::by_hand(text);
        let mut known: Vec<&str> = printed.iter().chain(systems).map(String::as_str).collect();
        known.extend(markdown::code_blocks(text).iter().flat_map(|block| {
            let typed = block.language != "text";
            block
                .lines
                .iter()
                .filter(move |_| typed)
                .map(|(_, line)| *line)
        }));
        let mut count = 0;
        let mut unknown = Vec::new();
        for (number, line) in markdown::prose(text) {
            let row = self.tables.iter().find_map(|(table, commands)| {
                let row = (number - 1).checked_sub(table.start)?;
                table
                    .contains(&(number - 1))
                    .then_some(commands.start + row)
            });
            for figure in figures::figures(&line) {
                count += 1;
                let is_known = by_hand.contains(&figure)
                    || match row {
                        Some(command) => {
                            figures::is_in(figure, &printed[command])
                                || figures::is_in(figure, &self.commands[command].arguments)
                        }
                        None => known.iter().any(|text| figures::is_in(figure, text)),
                    };
                if !is_known {
                    let place = match row {
                        Some(command) => format!("is not printed by {}", self.commands[command].at),
                        None => "is printed by no command of this page".to_owned(),
                    };
                    unknown.push(format!("{}:{number}: `{figure}` {place}", self.name));
                }
            }
        }
        (count, unknown)
    }
}

/// The commands of one block.
fn documented(page: &str, block: &CodeBlock) -> Vec<Documented> {
    let mut commands = Vec::new();
    let mut lines = block.lines.iter();
    while let Some((number, line)) = lines.next() {
        let typed = line.trim().trim_start_matches("$ ");
        let prompted = line.trim().starts_with("$ worstday");
        let Some(rest) = typed
            .strip_prefix("cargo run --release --")
            .or_else(|| typed.strip_prefix("worstday").filter(|_| prompted))
        else {
            continue;
        };
        let mut arguments = rest.trim().to_owned();
        while let Some(begun) = arguments.strip_suffix('\\') {
            let next = lines.next().map_or("", |(_, line)| line.trim());
            arguments = format!("{} {next}", begun.trim_end());
        }
        let exit = arguments
            .rsplit_once("# exit ")
            .and_then(|(_, code)| code.split_whitespace().next())
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        commands.push(Documented {
            at: format!("{page}:{number}"),
            stays: arguments.split_whitespace().any(|word| word == "--live"),
            arguments,
            exit,
            quotation: None,
        });
    }
    commands
}

/// The rows of the first table in `range` that comes before a heading, without its head.
fn table(lines: &[&str], range: Range<usize>) -> Range<usize> {
    let is_row = |line: &&str| line.starts_with('|');
    let begins = range
        .clone()
        .find(|number| is_row(&lines[*number]) || lines[*number].starts_with('#'));
    let Some(head) = begins.filter(|number| is_row(&lines[*number])) else {
        return 0..0;
    };
    let rows = lines[head..range.end]
        .iter()
        .take_while(|line| is_row(line))
        .count();
    (head + 2).min(head + rows)..head + rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
```console
$ worstday run a.yaml \\
    --seeds 3   # exit 10
  verdict first
$ ls
```
```sh
cargo run --release -- demo
cargo xtask test
worstday unprompted
```

```text
it is 3.50 %
…
```
```text
$ worstday never
```
```console
$ worstday a
$ worstday b
```
These are they:

| what | how much |
| --- | --- |
| a | 1.50 s |
| b | 2.50 s |
Of 3.50 % and <!-- by hand: 9.99 --> 9.99, 7.77 is neither.
";

    /// A runner that finds nothing would let every page rot.
    #[test]
    fn finds_commands_and_the_exit_codes_they_promise() {
        let page = Page::read(Path::new("a.md"), PAGE);
        let expected = [
            ("a.md:2", "run a.yaml --seeds 3   # exit 10", 10, None),
            ("a.md:8", "demo", 0, Some(13..15)),
            ("a.md:21", "a", 0, None),
            ("a.md:22", "b", 0, None),
        ];
        let expected = expected.map(|(at, arguments, exit, quotation)| Documented {
            at: at.into(),
            arguments: arguments.into(),
            exit,
            stays: false,
            quotation,
        });
        assert_eq!(page.commands, expected);
        assert_eq!(page.tables, [(27..29, 2..4)]);
    }

    /// A quotation and each figure are held against what was printed, a table's row by row.
    #[test]
    fn holds_the_page_against_what_is_printed() {
        let page = Page::read(Path::new("a.md"), PAGE);
        let printed =
            ["", "it is 3.50 %\nand more", "took 1.50 s", "took 2.50 s"].map(str::to_owned);
        assert!(page.false_quotations(&printed).is_empty());
        let (count, unknown) = page.unknown_figures(PAGE, &printed, &[]);
        assert_eq!(count, 6);
        assert_eq!(
            unknown,
            ["a.md:30: `7.77` is printed by no command of this page"]
        );

        let swapped = ["", "it is 4.50 %", "took 2.50 s", "took 1.50 s"].map(str::to_owned);
        assert_eq!(page.false_quotations(&swapped).len(), 1);
        assert_eq!(page.unknown_figures(PAGE, &swapped, &[]).1.len(), 4);
        assert!(
            page.renewed(PAGE, &swapped)
                .contains("```text\nit is 4.50 %\n```")
        );
    }
}
