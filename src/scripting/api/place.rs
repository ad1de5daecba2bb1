//! Where things are: the map of regions, and who the clients are.

use crate::catalog::{ClientsPlan, GeoIpFile, Problem};
use crate::components::client::clients_entry::CLIENTS;
use crate::components::network::geo::{GeoIp, Map, countries, map};
use crate::input::{read_bytes, read_text};
use crate::model::MapSpec;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::{call_place, desk, draft, given};
use crate::scripting::errors::fail;
use crate::scripting::units::Share;
use crate::scripting::unlike::kind;
use rhai::{Array, Dynamic, Engine, FLOAT, INT, Map as Options, NativeCallContext};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub(super) fn register(engine: &mut Engine) {
    kind::<ClientsPlan>(engine, "clients");
    engine.register_fn("regions", |cx: NativeCallContext, name: &str| regions(&cx, name, &Options::new()));
    engine.register_fn("regions", |cx: NativeCallContext, name: &str, options: Options| {
        regions(&cx, name, &options)
    });
    kind::<GeoIpFile>(engine, "geoip");
    engine.register_fn("geoip", |cx: NativeCallContext, path: &str| geoip(&cx, path));
    engine.register_fn("clients", |homes: Dynamic| clients(&homes, &Options::new()));
    engine.register_fn("clients", |homes: Dynamic, options: Options| clients(&homes, &options));
}

/// Largest file of round-trip times or coordinates.
const MAP_BYTES_AT_MOST: u64 = 16 << 20;

fn regions(cx: &NativeCallContext<'_>, name: &str, options: &Options) -> Scripted<()> {
    let place = call_place(cx);
    if draft("the map", |world| world.spec.map.is_some())? {
        return Err(fail("the map is described twice", None));
    }
    let mut settings = given(cx, options);
    settings.retain(|setting| setting.name != "coordinates");
    let map = read_map(name, options);
    draft("the map", |world| {
        let map = map.unwrap_or_else(|problem| {
            world.spec.problems.push(Problem { place: Some(place.clone()), ..problem });
            Map::lost()
        });
        world.spec.map = Some(MapSpec { map: Arc::new(map), given: settings, place });
    })
}

fn read_map(name: &str, options: &Options) -> Result<Map, Problem> {
    let coordinates = options.get("coordinates").map(|path| path.clone().into_string());
    let mut map = match Map::preset(name) {
        Some(map) => map,
        None if !name.contains('.') => {
            let presets: Vec<String> = map::presets().map(|preset| format!("\"{preset}\"")).collect();
            let hint = format!("write {}, or the path of a CSV", crate::catalog::one_of(&presets));
            return Err(Problem::new(format!("there is no map \"{name}\"")).hint(hint));
        }
        None => Map::parse(&read(name)?, true)
            .map_err(|what| Problem::new(format!("the map {name:?}: {what}")))?,
    };
    let Some(path) = coordinates else { return Ok(map) };
    let path = path.map_err(|_| Problem::new("`coordinates` must be the path of a CSV"))?;
    for (at, row) in read(&path)?.lines().enumerate().skip(1).filter(|(_, row)| !row.trim().is_empty()) {
        map.locate(row)
            .map_err(|what| Problem::new(format!("the coordinates {path:?}, line {}: {what}", at + 1)))?;
    }
    Ok(map)
}

/// A file beside the script.
fn read(path: &str) -> Result<String, Problem> {
    let file = desk(|desk| desk.folder.join(Path::new(path)));
    crate::scripting::inputs::note(&file);
    read_text(&file, MAP_BYTES_AT_MOST).map_err(Problem::new)
}

/// Largest file that says where addresses are.
const GEOIP_BYTES_AT_MOST: u64 = 1 << 30;

/// Files read so far: every worker and replication shares one copy.
static GEOIP: Mutex<BTreeMap<PathBuf, Arc<[u8]>>> = Mutex::new(BTreeMap::new());

/// A file in MaxMind's format, beside the script or where the user is. A mistake is noted, and the file that comes with the program
/// stands in, so that later mistakes are found too.
fn geoip(cx: &NativeCallContext<'_>, path: &str) -> Scripted<GeoIpFile> {
    let file = |bytes| GeoIpFile { path: path.into(), bytes };
    match read_geoip(path) {
        Ok(bytes) => Ok(file(bytes)),
        Err(problem) => {
            let problem = Problem { place: Some(call_place(cx)), ..problem };
            draft("it", |world| world.spec.problems.push(problem.clone()))
                .map_err(|_| fail(problem.message, problem.hint))?;
            Ok(file(Arc::new([])))
        }
    }
}

fn read_geoip(path: &str) -> Result<Arc<[u8]>, Problem> {
    let beside = desk(|desk| desk.folder.join(path));
    let file = if beside.exists() { beside } else { Path::new(path).to_path_buf() };
    if !file.exists() {
        let folder = desk(|desk| desk.folder.display().to_string());
        let problem = Problem::new(format!("there is no file {path}"));
        return Err(problem.hint(format!(
            "it is looked for in {folder} and where you are; without `geoip` countries are known"
        )));
    }
    let mut read = GEOIP.lock().expect("no panic while reading");
    if let Some(bytes) = read.get(&file) {
        return Ok(bytes.clone());
    }
    crate::scripting::inputs::note(&file);
    let bytes: Arc<[u8]> = read_bytes(&file, GEOIP_BYTES_AT_MOST).map_err(Problem::new)?.into();
    GeoIp::check(bytes.clone()).map_err(|what| {
        let problem = Problem::new(format!("{path} cannot be used: {what}"));
        problem.hint("it must be a country or city file in MaxMind's format (.mmdb), whole and unpacked")
    })?;
    read.insert(file, bytes.clone());
    Ok(bytes)
}

fn clients(homes: &Dynamic, options: &Options) -> Scripted<ClientsPlan> {
    let names = CLIENTS.params.iter().map(|param| param.name);
    if let Some(unknown) = options.keys().find(|key| !names.clone().any(|name| name == key.as_str())) {
        let hint = crate::catalog::did_you_mean(unknown, names);
        return Err(fail(format!("clients have no setting `{unknown}`"), hint));
    }
    let share = |name: &str| match options.get(name) {
        None => Ok(0.0),
        Some(value) => {
            let share = value.clone().try_cast::<Share>().map(|share| share.0).or_else(|| number(value));
            share
                .filter(|share| (0.0..=1.0).contains(share))
                .ok_or_else(|| fail(format!("`{name}` must be a share such as 20.percent"), None))
        }
    };
    let (mobile, vpn, nat) = (share("mobile")?, share("vpn")?, share("nat")?);
    if mobile + vpn + nat > 1.0 {
        return Err(fail(
            "mobile, vpn and nat clients are more than all",
            Some("the rest have lines of their own".into()),
        ));
    }
    let place = |name: &str| {
        let place = options.get(name).map(|place| place.clone().into_string()).transpose();
        place.map_err(|_| fail(format!("`{name}` must be the name of a region or country"), None))
    };
    let (exit, gateway, office) = (place("exit")?, place("gateway")?, place("office")?);
    if vpn > 0.0 && exit.is_none() {
        return Err(fail("`vpn` needs to know where the tunnels end", Some("add `exit: \"US\"`".into())));
    }
    let behind = options.get("behind").map_or(Some(1_000), |behind| behind.as_int().ok());
    let behind = behind.filter(|behind| (1..=65_536).contains(behind));
    let behind = behind.ok_or_else(|| fail("`behind` must be a whole number from 1 to 65536", None))? as u64;
    Ok(ClientsPlan { homes: home_list(homes)?, mobile, vpn, nat, behind, exit, gateway, office })
}

fn number(value: &Dynamic) -> Option<f64> {
    value.clone().try_cast::<FLOAT>().or_else(|| value.clone().try_cast::<INT>().map(|whole| whole as f64))
}

/// `[["FR", 3], ["KR", 1]]`; `["FR", "KR"]` and `"countries"` weigh countries by their addresses.
fn home_list(homes: &Dynamic) -> Scripted<Vec<(String, f64)>> {
    if homes.clone().into_string().is_ok_and(|word| word == "countries") {
        return Ok(countries::all()
            .map(|country| (country.code.to_string(), country.addresses as f64))
            .collect());
    }
    let hint = || {
        Some(
            "write clients([[\"FR\", 3], [\"KR\", 1]]), clients([\"FR\", \"KR\"]) or clients(\"countries\")"
                .to_string(),
        )
    };
    let Some(list) = homes.clone().try_cast::<Array>().filter(|list| !list.is_empty()) else {
        return Err(fail("clients live at a list of places", hint()));
    };
    let homes = list
        .iter()
        .map(home)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| fail("a place of clients is a name, or a name and a weight", hint()))?;
    if !homes.iter().any(|(_, weight)| *weight > 0.0) {
        return Err(fail("the weights of all places are zero: nobody would come", None));
    }
    if let Some((name, _)) = homes.iter().find(|(_, weight)| !(0.0..1e15).contains(weight)) {
        return Err(fail(format!("the weight of \"{name}\" must be a number from 0 up"), None));
    }
    Ok(homes)
}

fn home(item: &Dynamic) -> Option<(String, f64)> {
    if let Ok(name) = item.clone().into_string() {
        let weight = countries::find(&name).map_or(1.0, |country| country.addresses as f64);
        return Some((name, weight));
    }
    let pair = item.clone().try_cast::<Array>()?;
    let [name, weight] = pair.as_slice() else { return None };
    Some((name.clone().into_string().ok()?, number(weight)?))
}
