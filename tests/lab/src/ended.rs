//! A child process that ends when nobody holds it any more. It knows no program.

use std::process::Child;

/// Ends its process when it goes out of sight.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // both fail if it has ended by itself, which is what is wanted
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
