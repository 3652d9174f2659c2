//! What the table is asked for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

pub const HELP: &str = "\
cargo xtask bench [PART..] [--rounds N] [--scale F] [--peers DIR]

  PART         speed (W1, W2, W3, W3b against the references), events (other workloads per handled
               event), size (many services, many timers), live (the flight simulator), peers;
               default: all
  --rounds N   interleaved rounds, default 5
  --scale F    run lengths times F, default 1; below 1 for a quick look
  --peers DIR  the folder of other simulators, to be built and run beside";

const PARTS: [&str; 5] = ["speed", "events", "size", "live", "peers"];

#[derive(Debug)]
pub struct Arguments {
    /// Where the built programs are.
    pub programs: PathBuf,
    pub rounds: u32,
    pub scale: f64,
    pub peers: Option<PathBuf>,
    parts: Vec<String>,
}

impl Arguments {
    pub fn read(given: &[String]) -> Result<Self> {
        let mut arguments = Self {
            programs: PathBuf::from("target/release"),
            rounds: 5,
            scale: 1.0,
            peers: None,
            parts: Vec::new(),
        };
        let mut given = given.iter();
        while let Some(argument) = given.next() {
            let mut value = || {
                given
                    .next()
                    .with_context(|| format!("{argument} wants a value"))
            };
            match argument.as_str() {
                "--programs" => arguments.programs = PathBuf::from(value()?),
                "--rounds" => arguments.rounds = value()?.parse()?,
                "--scale" => arguments.scale = value()?.parse()?,
                "--peers" => arguments.peers = Some(PathBuf::from(value()?)),
                part if PARTS.contains(&part) => arguments.parts.push(part.to_owned()),
                other => bail!("`{other}` is not understood\n\n{HELP}"),
            }
        }
        ensure!(0 < arguments.rounds, "--rounds must be at least 1");
        ensure!(
            0.0 < arguments.scale && arguments.scale.is_finite(),
            "--scale must be above 0"
        );
        Ok(arguments)
    }

    pub fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}
