"""What leaves besides the native stream: other profiles, rates and dancers for other receivers."""
