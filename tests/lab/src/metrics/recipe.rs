//! How the stores, the scraper and the shipper get into the cache: one Go module, pinned with its sums. Alertmanager
//! is Debian's, unpacked and not installed.

use anyhow::Result;

use crate::making::Making;
use crate::recipe::Recipe;

/// Where the programs' sources are.
const PROGRAMS: [(&str, &str); 5] = [
    ("victoria-metrics", "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics"),
    ("vmagent", "github.com/VictoriaMetrics/VictoriaMetrics/app/vmagent"),
    ("vmalert", "github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert"),
    ("victoria-logs", "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"),
    ("vlagent", "github.com/VictoriaMetrics/VictoriaLogs/app/vlagent"),
];

/// All five programs.
pub fn programs() -> Recipe {
    Recipe::new("victoria", make)
        .file("go.mod", &include_bytes!("../../recipes/victoria/go.mod")[..])
        .file("go.sum", &include_bytes!("../../recipes/victoria/go.sum")[..])
}

fn make(making: &Making) -> Result<()> {
    PROGRAMS.iter().try_for_each(|(name, package)| making.go_build(name, package, ""))
}

/// Alertmanager.
pub fn alertmanager() -> Recipe {
    Recipe::new("alertmanager", |making| making.unpack(&["prometheus-alertmanager"])).fetched()
}
