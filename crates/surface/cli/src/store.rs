//! Where days are kept: a folder `.worstday` beside the model, one scenario file per day, and baselines.
//!
//! A day's name is `WD-` and the beginning of the hash of what happens on it: four hexadecimal digits, and more where two days
//! of the folder would have one name. Names are given once: a day that is found again is the file that is there, also if
//! somebody wrote into its comments, and a file whose day was changed by hand is another day that keeps its name. Files appear
//! whole or not at all, so two programs may keep days at the same time.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use worstday_model::day::Scenario;
use worstday_model::load::{DayFile, Unwritable, hash_of};

use crate::exit::Stop;

/// The folder's name.
const FOLDER: &str = ".worstday";
/// What the names of days begin with.
const PREFIX: &str = "WD-";
/// The fewest hexadecimal digits of a name.
const DIGITS_MIN: usize = 4;

/// The days of one model.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// The model, as a path from the folder.
    base: String,
}

/// A day that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name, such as `WD-7f3a`.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
}

/// Why a day is not found or not kept.
#[derive(Debug)]
pub enum StoreError {
    /// No day is called so.
    Unknown {
        /// What was asked for.
        id: String,
        /// Where.
        folder: PathBuf,
        /// The days that there are.
        known: Vec<String>,
    },
    /// Several days begin so.
    Ambiguous {
        /// What was asked for.
        id: String,
        /// All of them.
        ids: Vec<String>,
    },
    /// A baseline cannot be called so.
    NoName(String),
    /// No file can say this day.
    Unwritable(Unwritable),
    /// The folder, or a file of it, cannot be used.
    Io(PathBuf, io::Error),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unknown { id, folder, known } => {
                let hint = match known.as_slice() {
                    [] => "no day is kept there yet".to_owned(),
                    [.., last] if known.len() > 6 => {
                        format!("{} days are kept there, such as {last}", known.len())
                    }
                    _ => format!("there is {}", known.join(", ")),
                };
                Self::usage(format!("no {id} is in {}", folder.display()), &hint)
            }
            StoreError::Ambiguous { id, ids } => Self::usage(
                format!("{id} may be {}", ids.join(" or ")),
                "give more of its digits",
            ),
            StoreError::NoName(name) => Self::usage(
                format!("a baseline cannot be called {name:?}"),
                "letters, digits, `-`, `_` and `.`, such as `main`",
            ),
            StoreError::Unwritable(why) => Self::failed(why, ""),
            StoreError::Io(path, error) => {
                Self::failed(format!("cannot use {}: {error}", path.display()), "")
            }
        }
    }
}

impl Store {
    /// The store of the model in that file.
    #[must_use]
    pub fn beside(model: &Path) -> Self {
        let name = model.file_name().unwrap_or(model.as_os_str());
        Self {
            folder: model.parent().unwrap_or(Path::new("")).join(FOLDER),
            base: format!("../{}", name.display()),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of all days, in their order.
    ///
    /// # Errors
    ///
    /// If the folder is there and cannot be read.
    pub fn ids(&self) -> Result<Vec<String>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::Io(self.folder.clone(), error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| StoreError::Io(self.folder.clone(), error))?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".yaml"));
            ids.extend(id.filter(|id| is_id(id)).map(str::to_owned));
        }
        ids.sort();
        Ok(ids)
    }

    /// The file of a day, by its name or the beginning of it.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one that begins so.
    pub fn find(&self, id: &str) -> Result<PathBuf, StoreError> {
        let known = self.ids()?;
        let mut ids: Vec<String> = known.clone();
        ids.retain(|known| known.starts_with(id));
        if let Some(whole) = ids.iter().find(|known| *known == id) {
            return Ok(self.path(whole));
        }
        match ids.as_slice() {
            [] => Err(StoreError::Unknown {
                id: id.to_owned(),
                folder: self.folder.clone(),
                known,
            }),
            [one] => Ok(self.path(one)),
            _ => {
                let id = id.to_owned();
                Err(StoreError::Ambiguous { id, ids })
            }
        }
    }

    /// Keeps a day, and says how it is called. What `file` says of its name and of its base gives way to the store's own.
    ///
    /// # Errors
    ///
    /// If no file can say it, or if nothing can be written there.
    pub fn keep(&self, file: &DayFile<'_>) -> Result<Kept, StoreError> {
        let hash = file.hash().map_err(StoreError::Unwritable)?;
        fs::create_dir_all(&self.folder)
            .map_err(|error| StoreError::Io(self.folder.clone(), error))?;
        for digits in DIGITS_MIN..=hash.len() {
            let id = format!("{PREFIX}{}", &hash[..digits]);
            let path = self.path(&id);
            let day = Scenario {
                name: id.clone(),
                ..file.day.clone()
            };
            let written = DayFile {
                day: &day,
                base: &self.base,
                ..*file
            };
            let text = written.text().map_err(StoreError::Unwritable)?;
            match self.put(&path, &text) {
                Ok(()) => return Ok(Kept { id, path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let there = fs::read_to_string(&path);
                    let there = there.map_err(|error| StoreError::Io(path.clone(), error))?;
                    if hash_of(&there) == hash {
                        return Ok(Kept { id, path });
                    }
                }
                Err(error) => return Err(StoreError::Io(path, error)),
            }
        }
        // Every name is taken by a file that was changed by hand.
        let taken = io::Error::from(ErrorKind::AlreadyExists);
        Err(StoreError::Io(self.folder.clone(), taken))
    }

    /// The text of a baseline, if there is one of that name.
    ///
    /// # Errors
    ///
    /// If that is no name, or if the file cannot be read.
    pub fn baseline(&self, name: &str) -> Result<Option<String>, StoreError> {
        let path = self.baseline_path(name)?;
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::Io(path, error)),
        }
    }

    /// Keeps a baseline, once.
    ///
    /// # Errors
    ///
    /// If there is one of that name, or if nothing can be written there.
    pub fn keep_baseline(&self, name: &str, text: &str) -> Result<PathBuf, StoreError> {
        let path = self.baseline_path(name)?;
        fs::create_dir_all(&self.folder)
            .map_err(|error| StoreError::Io(self.folder.clone(), error))?;
        match self.put(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(StoreError::Io(path, error)),
        }
    }

    fn baseline_path(&self, name: &str) -> Result<PathBuf, StoreError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins || !name.chars().all(plain) || 100 < name.len() {
            return Err(StoreError::NoName(name.to_owned()));
        }
        Ok(self.folder.join(format!("baseline-{name}.json")))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.yaml"))
    }

    /// Makes a file that appears whole, unless there is one.
    fn put(&self, path: &Path, text: &str) -> io::Result<()> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if path.try_exists()? {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let apart = format!(".{}-{number}.tmp", std::process::id());
        let apart = self.folder.join(apart);
        let mut file = File::create(&apart)?;
        let written = file.write_all(text.as_bytes());
        let written = written.and_then(|()| file.sync_all());
        drop(file);
        // A link fails if the name is taken meanwhile; some file systems have none.
        let put = written.and_then(|()| match fs::hard_link(&apart, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => fs::rename(&apart, path),
            linked => linked,
        });
        match fs::remove_file(&apart) {
            Err(error) if error.kind() != ErrorKind::NotFound => put.and(Err(error)),
            _ => put,
        }
    }
}

/// Whether a text is the name of a day, or the beginning of one.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|digits| {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        !digits.is_empty() && digits.bytes().all(hex)
    })
}

/// The file that `--scenario` means: a path, or the name of a day that is kept beside the model.
///
/// # Errors
///
/// If no such day is kept, or several.
pub fn scenario(model: &Path, named: &Path) -> Result<PathBuf, StoreError> {
    match named.to_str() {
        Some(id) if is_id(id) && !named.exists() => Store::beside(model).find(id),
        _ => Ok(named.to_owned()),
    }
}

/// The file of a day that is only named: kept here, or in one of the folders right below.
///
/// # Errors
///
/// If no such day is kept, or several.
pub fn somewhere(named: &Path) -> Result<PathBuf, StoreError> {
    let Some(id) = named.to_str().filter(|id| is_id(id) && !named.exists()) else {
        return Ok(named.to_owned());
    };
    let here = Store::beside(Path::new("here"));
    let first = here.find(id);
    if first.is_ok() {
        return first;
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(".")
        .map_err(|error| StoreError::Io(PathBuf::from("."), error))?
        .filter_map(|entry| Some(PathBuf::from(entry.ok()?.file_name())))
        .filter(|path| path.join(FOLDER).is_dir())
        .collect();
    folders.sort();
    let mut found: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| Store::beside(&folder.join("there")).find(id).ok())
        .collect();
    match found.len() {
        0 => first,
        1 => Ok(found.remove(0)),
        _ => Err(StoreError::Ambiguous {
            id: id.to_owned(),
            ids: found
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::thread::ScopedJoinHandle;
    use worstday_model::system::{System, Tables};

    /// A folder for one test, gone when it is dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("worstday-store-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("a folder");
            Self(folder)
        }

        fn store(&self) -> Store {
            Store::beside(&self.0.join("shop.yaml"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn scenario() -> Scenario {
        Scenario {
            name: String::new(),
            day: date(2026, 11, 28),
            from: None,
            until: None,
            demand: Vec::new(),
            happens: Vec::new(),
        }
    }

    fn file<'a>(system: &'a System, day: &'a Scenario, seed: u64) -> DayFile<'a> {
        DayFile {
            system,
            day,
            base: "",
            model: None,
            seed,
            comment: "a story",
            breaks: &[],
            found: None,
            declared: None,
            spelled_out: None,
        }
    }

    fn system() -> System {
        System::new(Tables::default()).expect("nothing is wrong with nothing")
    }

    /// Kept twice is kept once, and what somebody wrote beside it stays.
    #[test]
    fn a_day_is_kept_once() {
        let folder = Folder::new("once");
        let (store, system, day) = (folder.store(), system(), scenario());
        let kept = store.keep(&file(&system, &day, 1)).expect("kept");
        assert!(kept.id.len() == 7 && is_id(&kept.id), "{}", kept.id);
        let text = fs::read_to_string(&kept.path).expect("a file");
        assert!(text.starts_with("# a story\n") && text.contains("base: ../shop.yaml\n"));
        assert!(text.contains(&format!("scenario: {}\n", kept.id)));
        fs::write(&kept.path, format!("# my own words\n{text}")).expect("written");
        let again = store.keep(&file(&system, &day, 1)).expect("kept");
        assert_eq!(again, kept);
        assert!(
            fs::read_to_string(&kept.path)
                .expect("a file")
                .starts_with("# my own")
        );
        assert_eq!(store.ids().expect("names"), [kept.id]);
        // Nothing else is left in the folder.
        assert_eq!(fs::read_dir(&store.folder).expect("a folder").count(), 1);
    }

    /// Two days of one beginning: the later one gets a digit more, and the beginning alone means the first.
    #[test]
    fn names_are_as_long_as_they_must_be() {
        let folder = Folder::new("length");
        let (store, system, day) = (folder.store(), system(), scenario());
        let hash = |seed: u64| file(&system, &day, seed).hash().expect("a hash");
        let mut seen = std::collections::BTreeMap::new();
        let (first, second) = (1..)
            .find_map(|seed| {
                seen.insert(hash(seed)[..4].to_owned(), seed)
                    .map(|old| (old, seed))
            })
            .expect("there are only 65,536 of four digits");
        let [one, two] =
            [first, second].map(|seed| store.keep(&file(&system, &day, seed)).expect("kept"));
        assert_eq!((one.id.len(), two.id.len()), (7, 8));
        assert!(two.id.starts_with(&one.id));
        assert_eq!(store.find(&one.id).expect("the first"), one.path);
        assert_eq!(store.find(&two.id).expect("the second"), two.path);
        let begins = &one.id[..5];
        match store.find(begins) {
            Err(StoreError::Ambiguous { id, ids }) => {
                assert_eq!((&*id, ids), (begins, vec![one.id.clone(), two.id.clone()]));
            }
            other => panic!("{other:?}"),
        }
        // In another order the other one is the shorter.
        let other = Folder::new("order");
        let kept = other
            .store()
            .keep(&file(&system, &day, second))
            .expect("kept");
        assert_eq!(kept.id.len(), 7);
    }

    /// A file that was changed by hand is another day; the one that was found is kept beside it.
    #[test]
    fn what_was_changed_by_hand_stays() {
        let folder = Folder::new("changed");
        let (store, system, day) = (folder.store(), system(), scenario());
        let kept = store.keep(&file(&system, &day, 1)).expect("kept");
        let text = fs::read_to_string(&kept.path).expect("a file");
        fs::write(&kept.path, text.replace("2026-11-28", "2026-11-29")).expect("written");
        let again = store.keep(&file(&system, &day, 1)).expect("kept");
        assert_eq!(again.id.len(), 8);
        assert!(
            fs::read_to_string(&kept.path)
                .expect("a file")
                .contains("11-29")
        );
    }

    /// A baseline is written once, and its name leads nowhere else.
    #[test]
    fn baselines_are_immutable() {
        let folder = Folder::new("baseline");
        let store = folder.store();
        assert!(store.baseline("main").expect("no file").is_none());
        store.keep_baseline("main", "one").expect("kept");
        store.keep_baseline("main", "two").expect_err("it is there");
        assert_eq!(
            store.baseline("main").expect("a file").as_deref(),
            Some("one")
        );
        assert!(
            store.ids().expect("names").is_empty(),
            "a baseline is no day"
        );
        for wrong in ["", "../main", "a/b", ".hidden", "a b", &"x".repeat(101)] {
            store.keep_baseline(wrong, "").expect_err(wrong);
            store.baseline(wrong).expect_err(wrong);
        }
    }

    /// Nobody kept anything; nobody kept that; the text is no name at all.
    #[test]
    fn what_is_not_there_is_said() {
        let folder = Folder::new("unknown");
        let (store, system, day) = (folder.store(), system(), scenario());
        let said = |id: &str| Stop::from(store.find(id).expect_err("nothing")).message;
        assert!(
            said("WD-7f3a").contains("no day is kept there yet"),
            "{}",
            said("WD-7f3a")
        );
        let kept = store.keep(&file(&system, &day, 1)).expect("kept");
        let message = said("WD-00000");
        assert!(
            message.contains(&kept.id) && message.contains("no WD-00000 is in"),
            "{message}"
        );
        for no_id in ["WD-", "7f3a", "WD-7F3A", "WD-7f3a.yaml", "days/WD-7f3a"] {
            assert!(!is_id(no_id), "{no_id}");
            let path = scenario_path(no_id);
            assert_eq!(path, Path::new(no_id));
        }
    }

    fn scenario_path(named: &str) -> PathBuf {
        super::scenario(Path::new("shop.yaml"), Path::new(named)).expect("a path")
    }

    /// Many that keep the same days at once: each day is there once, whole.
    #[test]
    fn many_may_keep_at_once() {
        let folder = Folder::new("many");
        let (store, system, day) = (folder.store(), system(), scenario());
        let keep = || -> Vec<String> {
            let days = (1..40).map(|seed| store.keep(&file(&system, &day, seed)));
            days.map(|kept| kept.expect("kept").id).collect()
        };
        let ids: Vec<Vec<String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(keep)).collect();
            let ids = threads.into_iter().map(ScopedJoinHandle::join);
            ids.map(|ids| ids.expect("no panic")).collect()
        });
        assert!(ids.iter().all(|own| *own == ids[0]));
        let mut sorted = ids[0].clone();
        sorted.sort();
        assert_eq!(store.ids().expect("names"), sorted);
        for id in sorted {
            let text = fs::read_to_string(store.path(&id)).expect("a file");
            assert!(hash_of(&text).starts_with(&id[3..]), "{text}");
        }
    }
}
