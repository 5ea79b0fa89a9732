//! Takes a Helm chart out of a packed revision and packs it as Helm wants it: below a folder of the chart's name.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

/// A chart's name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// As `Chart.yaml` says.
    pub name: String,
    /// As `Chart.yaml` says.
    pub version: String,
}

/// Reads what the chart in the folder `place` of `revision` is called.
pub fn read(revision: &Path, place: &str) -> Result<Chart> {
    let mut text = String::new();
    for (path, content) in files(revision, place)? {
        if path == Path::new("Chart.yaml") {
            text = String::from_utf8(content).context("Chart.yaml is no text")?;
        }
    }
    ensure!(!text.is_empty(), "no chart at {place}: Chart.yaml is missing");
    let chart: Value = serde_yaml::from_str(&text).context("reading Chart.yaml")?;
    let word = |key: &str| chart[key].as_str().map(str::to_owned).with_context(|| format!("Chart.yaml lacks {key}"));
    Ok(Chart { name: word("name")?, version: word("version")? })
}

/// Packs the chart in the folder `place` of `revision` into `archive`.
pub fn pack(revision: &Path, place: &str, chart: &Chart, archive: &Path) -> Result<()> {
    let folder = archive.parent().context("an archive has a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let file = std::fs::File::create(archive).with_context(|| format!("writing {}", archive.display()))?;
    let mut out = tar::Builder::new(GzEncoder::new(file, flate2::Compression::fast()));
    for (path, content) in files(revision, place)? {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        out.append_data(&mut header, Path::new(&chart.name).join(path), &content[..])?;
    }
    out.into_inner()?.finish().context("packing a chart")?;
    Ok(())
}

/// The files below `place`, each by its path within it.
fn files(revision: &Path, place: &str) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let place = place.trim_start_matches("./").trim_end_matches('/');
    let file = std::fs::File::open(revision).with_context(|| format!("reading {}", revision.display()))?;
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(within) = path.strip_prefix(place) else { continue };
        if entry.header().entry_type().is_file() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            found.push((within.to_owned(), content));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_lies_below_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let revision = dir.path().join("r.tar.gz");
        let mut out =
            tar::Builder::new(GzEncoder::new(std::fs::File::create(&revision).unwrap(), flate2::Compression::fast()));
        for (name, text) in
            [("charts/x/Chart.yaml", "name: demo\nversion: 0.1.0\n"), ("charts/x/templates/a", "b"), ("other", "")]
        {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            out.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        out.into_inner().unwrap().finish().unwrap();
        let chart = read(&revision, "./charts/x").unwrap();
        assert_eq!((chart.name.as_str(), chart.version.as_str()), ("demo", "0.1.0"));
        let archive = dir.path().join("out/demo.tgz");
        pack(&revision, "./charts/x", &chart, &archive).unwrap();
        let names: Vec<_> =
            files(&archive, "demo").unwrap().into_iter().map(|(p, _)| p.display().to_string()).collect();
        assert_eq!(names, ["Chart.yaml", "templates/a"]);
        assert!(read(&revision, "nowhere").unwrap_err().to_string().contains("Chart.yaml"));
    }
}
