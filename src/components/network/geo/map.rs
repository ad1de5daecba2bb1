//! Regions and how far they are from each other: a matrix of measured round-trip times, and a line through such
//! matrices for pairs that nobody has measured.

use super::countries;
use crate::kernel::{MILLISECOND, Time};

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
}

/// Mean radius of the earth (IUGG).
const EARTH_KM: f64 = 6371.0088;

impl Coordinates {
    /// Great-circle distance in km (haversine formula; Sinnott, Sky and Telescope 1984).
    pub fn distance_km(self, other: Coordinates) -> f64 {
        let half = |a: f64, b: f64| libm::sin((a - b).to_radians() / 2.0);
        let (lat, lon) = (half(self.lat, other.lat), half(self.lon, other.lon));
        let cosines = libm::cos(self.lat.to_radians()) * libm::cos(other.lat.to_radians());
        let square = lat * lat + cosines * lon * lon;
        2.0 * EARTH_KM * libm::asin(libm::sqrt(square.min(1.0)))
    }
}

/// Round-trip time against distance: a line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    intercept_ms: f64,
    ms_per_km: f64,
}

impl Line {
    fn at(self, km: f64) -> f64 {
        self.intercept_ms + self.ms_per_km * km
    }
}

// `explain regions` and `explain clients` tell these figures.
/// Least squares over the AWS matrix: 992 pairs, r2 0.70 (see `data/README.md`).
const AWS: Line = Line { intercept_ms: 24.78, ms_per_km: 0.015509 };
/// The same over the Azure matrix: 2,350 pairs, r2 0.78.
const AZURE: Line = Line { intercept_ms: 25.91, ms_per_km: 0.014301 };
/// The same between 246 cities over the open internet (WonderProxy 2020): 59,887 pairs, r2 0.72.
const INTERNET: Line = Line { intercept_ms: 26.29, ms_per_km: 0.017072 };

/// Round-trip time within one availability zone: median of IBM VPC, 30 days to 2026-08-16.
const SAME_ZONE_MS: f64 = 0.10;
/// Between two zones of a region, ditto (0.13 to 2.16 ms).
const BETWEEN_ZONES_MS: f64 = 0.76;

/// Regions, and the round-trip times that were measured between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    names: Vec<String>,
    at: Vec<Option<Coordinates>>,
    /// Row by row, in ms; the row is the source.
    rtt_ms: Vec<Option<f64>>,
    line: Line,
    /// It stands for one that could not be read.
    is_lost: bool,
}

/// The maps that come with the program: name, matrix, provider in the table of coordinates, line.
const PRESETS: &[(&str, &str, Line)] = &[
    ("aws", include_str!("data/aws_rtt_ms.csv"), AWS),
    ("azure", include_str!("data/azure_rtt_ms.csv"), AZURE),
];

const COORDINATES: &str = include_str!("data/coordinates.csv");

/// Names of the maps that come with the program.
pub fn presets() -> impl Iterator<Item = &'static str> + Clone {
    PRESETS.iter().map(|(name, ..)| *name)
}

/// Most regions of a map.
const REGIONS_AT_MOST: usize = 1_000;

impl Map {
    /// A map that comes with the program.
    pub fn preset(name: &str) -> Option<Map> {
        let (provider, text, line) = PRESETS.iter().find(|(preset, ..)| *preset == name)?;
        let mut map = Map::parse(text, false).expect("our own data");
        map.line = *line;
        for row in COORDINATES.lines().skip(1).filter_map(|row| row.strip_prefix(provider)?.strip_prefix(','))
        {
            map.locate(row).expect("our own data");
        }
        Some(map)
    }

    /// Stands for a map that could not be read, so that other mistakes are found: it knows every place, and all are at one spot.
    pub fn lost() -> Map {
        Map { is_lost: true, ..Map::fill(Vec::new(), &[]) }
    }

    /// A map from a CSV: a header `from\to,a,b,c`, then a row for each region, in ms; empty cells are not measured. With
    /// `square` every region must have both a row and a column.
    ///
    /// # Errors
    ///
    /// What is wrong with which line.
    pub fn parse(text: &str, square: bool) -> Result<Map, String> {
        // Spreadsheets end files with rows of nothing but commas.
        let mut lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains(|c: char| c != ',' && !c.is_whitespace()));
        let (_, header) = lines.next().ok_or("it is empty")?;
        let columns: Vec<&str> = header.split(',').skip(1).map(cell).collect();
        if columns.is_empty() {
            return Err("line 1: no regions: write from,a,b with commas, then a row for each region".into());
        }
        let mut names: Vec<String> = Vec::new();
        for name in &columns {
            add_name(&mut names, name, 1)?;
        }
        let mut rows = Vec::new();
        for (at, line) in lines {
            let mut cells = line.split(',').map(cell);
            let name = cells.next().unwrap_or_default();
            if rows.iter().any(|(other, _): &(&str, _)| *other == name) {
                return Err(format!("line {}: \"{name}\" has two rows", at + 1));
            }
            rows.push((name, row_of(cells, columns.len(), at + 1)?));
        }
        if let Some(name) = columns.iter().find(|name| square && rows.iter().all(|(row, _)| row != *name)) {
            return Err(format!("it is not square: \"{name}\" is a column without a row"));
        }
        for (name, _) in &rows {
            if names.iter().all(|known| known != name) {
                if square {
                    return Err(format!("it is not square: \"{name}\" is a row without a column"));
                }
                add_name(&mut names, name, 1)?;
            }
        }
        Ok(Map::fill(names, &rows))
    }

    fn fill(names: Vec<String>, rows: &[(&str, Vec<Option<f64>>)]) -> Map {
        let n = names.len();
        let mut rtt_ms = vec![None; n * n];
        for (name, row) in rows {
            let from = names.iter().position(|known| known == name).expect("just put there");
            rtt_ms[from * n..from * n + row.len()].copy_from_slice(row);
        }
        Map { at: vec![None; n], names, rtt_ms, line: INTERNET, is_lost: false }
    }

    /// Takes in where a region is: `name,latitude,longitude`. Rows of unknown regions add a region that nobody has measured.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn locate(&mut self, row: &str) -> Result<(), String> {
        let cells: Vec<&str> = row.split(',').map(cell).collect();
        let [name, lat, lon] = cells[..] else {
            return Err(format!("\"{row}\" is not name,latitude,longitude"));
        };
        let degrees = |text: &str, most: f64| {
            let value = text.parse::<f64>().ok().filter(|value| value.abs() <= most);
            value.ok_or_else(|| format!("\"{text}\" is no angle between -{most} and {most} degrees"))
        };
        let here = Coordinates { lat: degrees(lat, 90.0)?, lon: degrees(lon, 180.0)? };
        match self.names.iter().position(|known| known == name) {
            Some(index) => self.at[index] = Some(here),
            None => self.add(name, here),
        }
        Ok(())
    }

    /// Another region, known by its coordinates only.
    fn add(&mut self, name: &str, here: Coordinates) {
        let n = self.names.len();
        let mut rtt_ms = vec![None; (n + 1) * (n + 1)];
        for from in 0..n {
            rtt_ms[from * (n + 1)..][..n].copy_from_slice(&self.rtt_ms[from * n..][..n]);
        }
        self.rtt_ms = rtt_ms;
        self.names.push(name.into());
        self.at.push(Some(here));
    }

    /// Names of the regions.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.names.iter().map(String::as_str)
    }

    /// Whether there is a place of this name: a region of the map, or a country.
    pub fn knows(&self, name: &str) -> bool {
        self.is_lost || self.names.iter().any(|known| known == name) || countries::find(name).is_some()
    }

    /// Where a place is, if that is known.
    pub fn coordinates(&self, name: &str) -> Option<Coordinates> {
        if self.is_lost {
            return Some(Coordinates { lat: 0.0, lon: 0.0 });
        }
        match self.names.iter().position(|known| known == name) {
            Some(index) => self.at[index],
            None => countries::find(name).map(|country| country.at),
        }
    }

    fn measured(&self, from: &str, to: &str) -> Option<f64> {
        let index = |name: &str| self.names.iter().position(|known| known == name);
        let (from, to, n) = (index(from)?, index(to)?, self.names.len());
        self.rtt_ms[from * n + to].or(self.rtt_ms[to * n + from])
    }

    /// Round-trip time between two places: as measured (in this direction, or the other), else along the line by their distance. Countries
    /// are reached over the open internet. `None` if neither a figure nor coordinates are known.
    pub fn rtt(&self, from: &str, to: &str) -> Option<Time> {
        if self.is_lost {
            return Some(0);
        }
        let ms = self.measured(from, to).or_else(|| {
            if from == to {
                return Some(BETWEEN_ZONES_MS);
            }
            let km = self.coordinates(from)?.distance_km(self.coordinates(to)?);
            let regions = [from, to].iter().all(|name| self.names.iter().any(|known| known == name));
            Some(if regions { self.line.at(km) } else { INTERNET.at(km) })
        });
        ms.map(to_time)
    }
}

/// What a cell of a CSV says, without the quotes that some programs write.
fn cell(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// Round-trip time between servers of one region.
pub fn rtt_within_region(same_zone: bool) -> Time {
    to_time(if same_zone { SAME_ZONE_MS } else { BETWEEN_ZONES_MS })
}

fn to_time(ms: f64) -> Time {
    (ms * MILLISECOND as f64 + 0.5) as Time
}

fn add_name(names: &mut Vec<String>, name: &str, line: usize) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("line {line}: a region has no name"));
    }
    if names.iter().any(|known| known == name) {
        return Err(format!("line {line}: \"{name}\" has two columns"));
    }
    if names.len() == REGIONS_AT_MOST {
        return Err(format!("more than {REGIONS_AT_MOST} regions"));
    }
    names.push(name.into());
    Ok(())
}

fn row_of<'a>(
    cells: impl Iterator<Item = &'a str>,
    width: usize,
    line: usize,
) -> Result<Vec<Option<f64>>, String> {
    let figure = |text: &str| match (text, text.parse::<f64>()) {
        ("", _) => Ok(None),
        (_, Ok(ms)) if (0.0..1e6).contains(&ms) => Ok(Some(ms)),
        _ => Err(format!("line {line}: \"{text}\" is no round-trip time in ms")),
    };
    let row = cells.map(figure).collect::<Result<Vec<_>, _>>()?;
    match row.len() == width {
        true => Ok(row),
        false => Err(format!("line {line}: {} figures for {width} columns", row.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "from\\to_ms,a,b\na,1,20\nb,,2\n";

    #[test]
    fn measured_figures_come_first_then_the_other_direction_then_the_line() {
        let mut map = Map::parse(SMALL, true).unwrap();
        assert_eq!(map.rtt("a", "b"), Some(20 * MILLISECOND));
        assert_eq!(map.rtt("b", "a"), Some(20 * MILLISECOND), "the other direction stands in");
        assert_eq!(map.rtt("a", "c"), None);
        map.locate("a,0,0").unwrap();
        map.locate("c,0,90").unwrap();
        let quarter = 6371.0088 * std::f64::consts::FRAC_PI_2;
        let expected = to_time(26.29 + 0.017072 * quarter);
        assert_eq!(map.rtt("a", "c"), Some(expected));
        assert_eq!(map.rtt("a", "b"), Some(20 * MILLISECOND), "figures survive a new region");
    }

    #[test]
    fn the_presets_say_what_their_sources_say() {
        let aws = Map::preset("aws").unwrap();
        assert_eq!(aws.names().count(), 32);
        assert_eq!(aws.rtt("af-south-1", "ap-east-1"), Some(350_170_000));
        assert_eq!(aws.rtt("af-south-1", "af-south-1"), Some(4_540_000));
        let azure = Map::preset("azure").unwrap();
        assert!(azure.names().all(|name| azure.coordinates(name).is_some()));
        assert!(azure.names().all(|a| azure.names().all(|b| azure.rtt(a, b).is_some())), "no hole is left");
        assert!(Map::preset("gcp").is_none());
    }

    #[test]
    fn countries_lie_on_the_open_internet() {
        let aws = Map::preset("aws").unwrap();
        let near = aws.rtt("FR", "eu-west-3").unwrap();
        let far = aws.rtt("FR", "ap-southeast-2").unwrap();
        assert!(near < 40 * MILLISECOND && far > 200 * MILLISECOND, "{near} {far}");
        assert!(aws.knows("FR") && !aws.knows("Atlantis"));
    }

    #[test]
    fn paris_is_344_km_from_london() {
        let (paris, london) =
            (Coordinates { lat: 48.8566, lon: 2.3522 }, Coordinates { lat: 51.5074, lon: -0.1278 });
        assert!((paris.distance_km(london) - 343.6).abs() < 0.5);
        assert_eq!(paris.distance_km(paris), 0.0);
    }

    #[test]
    fn mistakes_have_their_line() {
        let wrong = |text: &str| Map::parse(text, true).unwrap_err();
        assert_eq!((wrong(""), wrong(" \n,,\n")), ("it is empty".into(), "it is empty".into()));
        assert!(
            wrong("x;a\na;1\n").starts_with("line 1: no regions")
                && wrong("x\n").starts_with("line 1: no regions")
        );
        assert_eq!(wrong("x,a,b\na,1,2\n"), "it is not square: \"b\" is a column without a row");
        assert_eq!(wrong("x,a\na,1\nb,2\n"), "it is not square: \"b\" is a row without a column");
        assert_eq!(wrong("x,a,b\na,1\nb,1,2\n"), "line 2: 1 figures for 2 columns");
        assert_eq!(wrong("x,a,b\na,1,-2\nb,1,2\n"), "line 2: \"-2\" is no round-trip time in ms");
        assert_eq!(wrong("x,a,a\n"), "line 1: \"a\" has two columns");
        assert_eq!(wrong("x,a\na,1\na,1\n"), "line 3: \"a\" has two rows");
        assert!(Map::parse("x,a,b\na,1,2\n", false).is_ok());
        let plain = Map::parse("x,a,b\na,1,2\nb,3,4\n", true).unwrap();
        assert_eq!(
            Map::parse("\"x\", \"a\",\"b\"\r\n\"a\",\"1\",2\r\n\"b\",3,4\r\n,,\r\n", true).unwrap(),
            plain
        );
        assert!(Map::parse("x,a\na,1\n", true).unwrap().locate("a,91,0").is_err());
    }
}
